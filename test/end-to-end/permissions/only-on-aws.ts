/** The lines that no call on the laptop can ask for: each with what asks for it on AWS, and where AWS says so. */

interface OnlyOnAws {
  /** Matches whole lines of infra/permissions.txt. */
  readonly lines: RegExp;
  readonly reason: string;
  readonly source: string;
}

export const ONLY_ON_AWS: readonly OnlyOnAws[] = [
  {
    lines: /^[\w-]+ {2}logs:(CreateLogStream|PutLogEvents) {2}<[\w/-]+-logs\.Arn>$/,
    reason:
      'Lambda writes what a function prints with the role of the function; the laptop writes it to files.',
    source: 'https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html',
  },
  {
    lines:
      /^(probe|backup|restore)-office {2}ec2:((Create|Delete)NetworkInterface|Describe(NetworkInterfaces|Subnets)|(Una|A)ssignPrivateIpAddresses) {2}\*$/,
    reason:
      'Lambda makes the network interfaces of a function in a VPC with its role; the laptop has no VPC.',
    source: 'https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html',
  },
  {
    lines:
      /^[\w-]+ {2}kms:(DescribeKey|Encrypt|GenerateDataKey) {2}<storage\/data-key\.Arn> {2}if StringEquals kms:ViaService: dynamodb\./,
    reason:
      'DynamoDB asks for these at least on a key of the customer; which call asks when it does not say, so that the laptop asks for Decrypt alone, which every first access needs.',
    source:
      'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html#dynamodb-kms-authz',
  },
  {
    lines: /^scheduler\/role {2}(lambda:InvokeFunction|sqs:SendMessage) {2}</,
    reason:
      'EventBridge Scheduler calls dispatch, or sends what it could not deliver; the laptop has no Scheduler.',
    source: 'https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html',
  },
];
