import { Duration, Stack } from 'aws-cdk-lib';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { SETTINGS } from '../../functions/config.ts';
import type { Settings } from '../settings.ts';
import { ASKED_AGAIN, everyMinute } from './every-minute.ts';
import { LambdaFunction, type NetworkOfWorker } from './lambda-function.ts';
import type { MysqlClientLayer } from './mysql-client-layer.ts';
import { Network } from './network.ts';
import type { Storage } from './storage.ts';

/** Where Lambda mounts what the layer holds. */
const MYSQL_CLIENT_ROOT = '/opt/mysql-client';

/** What starts long jobs counts on this: a worker that has not begun by then never will. */
const QUEUE_LEASE = Duration.millis(SETTINGS.QUEUE_LEASE_MS.parse(undefined));

/** A second delivery of a run would only find it taken, and a late one find it lost. */
const START_ONCE = { retries: 0, maxAge: QUEUE_LEASE } as const;

export interface WorkflowsProps {
  readonly settings: Settings;
  readonly storage: Storage;
  readonly layer: MysqlClientLayer;
}

/** The workers of one network profile. */
export interface Workers {
  readonly probe: LambdaFunction<'probe'>;
  readonly backup: LambdaFunction<'backup'>;
  readonly restore: LambdaFunction<'restore'>;
}

/** The asynchronous jobs: a set of workers for each network profile, and those that touch no database. */
export class Workflows extends Construct {
  /** Network profile → its workers. */
  readonly workers: Readonly<Record<string, Workers>>;
  /** The only function that deletes stored objects. */
  readonly expire: LambdaFunction<'expire'>;
  /** Reads back what backups have stored; speaks to no database. */
  readonly verify: LambdaFunction<'verify'>;
  /** The durable function that drives every run. */
  readonly workflow: LambdaFunction<'workflow'>;
  /** By which it is started: the version of this deploy. */
  readonly liveWorkflow: Alias;
  /** Ends every minute what is dead. */
  readonly sweep: LambdaFunction<'sweep'>;
  /** What schedules call. */
  readonly dispatch: LambdaFunction<'dispatch'>;
  /** The setting WORKERS: network profile → names of its functions, as JSON. */
  readonly workerNames: string;
  /** The setting NETWORKS: network profile → what hosts it may reach, as JSON. */
  readonly networkRules: string;

  constructor(scope: Construct, id: string, props: WorkflowsProps) {
    super(scope, id);
    const { settings } = props;
    const stored = storedIn(props.storage);
    this.networkRules = JSON.stringify(rulesOf(settings.networks));
    this.workers = Object.fromEntries(
      Object.entries(settings.networks).map(([name, network]) => {
        const { placement, environment } = new Network(this, { name, network });
        return [name, this.makeWorkers(props, { name, placement, environment })];
      }),
    );
    this.workerNames = Stack.of(this).toJsonString(namesOf(this.workers));
    this.expire = new LambdaFunction(this, { name: 'expire', settings, environment: stored });
    this.verify = new LambdaFunction(this, {
      name: 'verify',
      settings,
      environment: stored,
      asynchronous: START_ONCE,
    });
    this.workflow = new LambdaFunction(this, {
      name: 'workflow',
      settings,
      environment: {
        ...stored,
        WORKERS: this.workerNames,
        EXPIRE_FUNCTION: this.expire.currentVersion.functionArn,
        VERIFY_FUNCTION: this.verify.currentVersion.functionArn,
      },
      // A restore has one worker after the other, for as long as it takes.
      durable: { executionTimeout: Duration.days(14), retention: Duration.days(14) },
    });
    this.liveWorkflow = this.workflow.addAlias('live');
    const WORKFLOW_FUNCTION = this.liveWorkflow.functionArn;
    this.sweep = new LambdaFunction(this, {
      name: 'sweep',
      settings,
      environment: { ...stored, WORKFLOW_FUNCTION },
      asynchronous: ASKED_AGAIN,
    });
    everyMinute(this, 'sweep-every-minute', this.sweep, 'Gives dead runs their final state');
    const { TABLE_NAME } = stored;
    this.dispatch = new LambdaFunction(this, {
      name: 'dispatch',
      settings,
      environment: { TABLE_NAME, WORKFLOW_FUNCTION },
    });
  }

  private makeWorkers({ settings, storage, layer }: WorkflowsProps, network: NetworkOfWorker): Workers {
    const common = { settings, layer, network, asynchronous: START_ONCE };
    const { TABLE_NAME, BUCKET_NAME } = storedIn(storage);
    const database = { TABLE_NAME, NETWORKS: this.networkRules, MYSQL_CLIENT_ROOT };
    return {
      probe: new LambdaFunction(this, { ...common, name: 'probe', environment: database }),
      backup: new LambdaFunction(this, {
        ...common,
        name: 'backup',
        environment: {
          ...database,
          BUCKET_NAME,
          ZSTD_LEVEL: String(settings.zstdLevel),
          REREAD_LIMIT_BYTES: String(settings.rereadLimitBytes),
        },
      }),
      restore: new LambdaFunction(this, {
        ...common,
        name: 'restore',
        environment: { ...database, BUCKET_NAME },
      }),
    };
  }
}

/** Where records and objects lie. */
const storedIn = ({ table, bucket }: Storage) => ({
  TABLE_NAME: table.tableName,
  BUCKET_NAME: bucket.bucketName,
});

const rulesOf = (networks: Settings['networks']) =>
  Object.fromEntries(
    Object.entries(networks).map(([name, rules]) => [
      name,
      { private: rules.private, loopback: rules.loopback },
    ]),
  );

/** A run goes to the version of this deploy, a question to the newest. */
const namesOf = (workers: Workflows['workers']) =>
  Object.fromEntries(
    Object.entries(workers).map(([network, { probe, backup, restore }]) => [
      network,
      {
        probe: probe.functionName,
        backup: backup.currentVersion.functionArn,
        restore: restore.currentVersion.functionArn,
      },
    ]),
  );
