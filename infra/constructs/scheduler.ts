import { CfnOutput, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { LambdaFunction } from './lambda-function.ts';

export interface SchedulerProps {
  /** What schedules call. */
  readonly dispatch: LambdaFunction<'dispatch'>;
}

/** Where schedules live, the role they act by, and where calls end that could not be delivered. */
export class Scheduler extends Construct {
  readonly group: ScheduleGroup;
  /** May call the function `dispatch`, and nothing else. */
  readonly role: Role;
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, { dispatch }: SchedulerProps) {
    super(scope, id);
    // Its name is fixed: left behind, it would stand in the way of the next deploy. Schedules die with their target.
    this.group = new ScheduleGroup(this, 'group', { removalPolicy: RemovalPolicy.DESTROY });
    this.role = new Role(this, 'role', {
      // Without the condition a schedule of another account could borrow the role.
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
          ArnEquals: { 'aws:SourceArn': this.group.scheduleGroupArn },
        },
      }),
    });
    this.undelivered = new Queue(this, 'undelivered', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this.undelivered).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is itself the dead-letter queue of the schedules, which name it in their own settings.',
    });
    this.describe({
      ScheduleGroupName: this.group.scheduleGroupName,
      ScheduleRoleArn: this.role.roleArn,
      ScheduleTargetArn: dispatch.functionArn,
      UndeliveredQueueArn: this.undelivered.queueArn,
    });
  }

  private describe(outputs: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(outputs)) {
      new CfnOutput(this, name, { value }).overrideLogicalId(name);
    }
  }
}
