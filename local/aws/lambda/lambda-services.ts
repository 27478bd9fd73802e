import type { Functions } from '../../lambda/functions.ts';
import type { DurableExecutions } from './durable/executions.ts';

/** What stands behind Lambda's endpoint. */
export interface LambdaServices {
  readonly functions: Functions;
  readonly executions: DurableExecutions;
}
