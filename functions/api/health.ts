import { httpHandler } from '../middleware/http-handler.ts';
import { log } from '../services.ts';

/** Also answers whatever no route takes. */
export const handler = httpHandler<'api-health'>(
  { log: log() },
  { 'GET /health': async () => ({ status: 200, body: { status: 'ok' } }) },
);
