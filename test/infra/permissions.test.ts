import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { permissionLines } from '../../infra/permission-lines.ts';
import { endOfProgram } from '../../layers/run-program.ts';

const infra = join(import.meta.dirname, '../../infra');
const lines = readFileSync(join(infra, 'permissions.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const who = (matching: RegExp): string[] => [
  ...new Set(lines.filter((line) => matching.test(line)).map((line) => line.split('  ')[0] ?? '')),
];

describe('the reviewed list of permissions', () => {
  it('is what the stack grants', async () => {
    const end = await endOfProgram({
      command: process.execPath,
      arguments: [join(infra, 'list-permissions.ts'), '--check'],
    });
    expect(end).toMatchObject({ exitCode: 0, errorOutput: '' });
  }, 60_000);

  it('holds no action with a *, and no resource * but for network interfaces', () => {
    expect(lines.filter((line) => line.split('  ')[1]?.includes('*'))).toEqual([]);
    const all = lines.filter((line) => line.split('  ')[2] === '*');
    expect(all.filter((line) => !line.includes('  ec2:'))).toEqual([]);
  });

  it.each([
    ['delete stored objects', / {2}s3:Delete/, ['expire']],
    ['list all versions', / {2}s3:ListBucketVersions/, ['expire', 'reindex', 'sign', 'sweep', 'workflow']],
    ['write backups', / {2}s3:PutObject .*databases.*(zst|json)$/, ['backup-office', 'backup-public']],
    ['write beside backups', / {2}s3:PutObject .*databases.*(?<!zst|json)$/, ['sign']],
    ['sign', / {2}kms:Sign/, ['sign']],
    ['write audit entries', / {2}s3:PutObject .*audit/, ['admin-token', 'reindex']],
    ['make tokens', / {2}dynamodb:PutItem .*TOKEN#/, ['admin-token']],
    ['make, change or remove secrets', / {2}secretsmanager:(?!GetSecretValue)/, ['api-databases']],
    ['call dispatch', / {2}lambda:InvokeFunction .*dispatch/, ['scheduler/role']],
  ])('lets nobody else %s', (_, matching, expected) => {
    expect(who(matching)).toEqual(expected);
  });

  it('lets nobody weaken the protection of data', () => {
    expect(
      who(/Retention|LegalHold|Governance|Lifecycle|Tagging|PutBucket|DeleteTable|ScheduleKey|:Scan/),
    ).toEqual([]);
  });
});

describe('permissionLines', () => {
  const metadata = (path: string) => ({ Metadata: { 'aws:cdk:path': `Stack/${path}/Resource` } });
  const role = { Type: 'AWS::IAM::Role', ...metadata('jobs/expire-role') };
  const policy = (statement: object) => ({
    Type: 'AWS::IAM::Policy',
    ...metadata('jobs/expire-role/DefaultPolicy'),
    Properties: { Roles: [{ Ref: 'Role1' }], PolicyDocument: { Statement: [statement] } },
  });
  const bucket = { Type: 'AWS::S3::Bucket', ...metadata('storage/bucket') };
  const allow = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };

  it('has a line for each action on each resource, with its conditions', () => {
    const statement = {
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: [{ 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Bucket1', 'Arn'] }, '/a/*']] }, 'arn:b'],
      Condition: { StringEquals: { 'kms:ViaService': 's3' } },
    };
    const Resources = { Role1: role, Bucket1: bucket, Policy1: policy(statement) };
    expect(permissionLines({ Resources })).toEqual([
      'expire  s3:GetObject  <storage/bucket.Arn>/a/*  if StringEquals kms:ViaService: s3',
      'expire  s3:GetObject  arn:b  if StringEquals kms:ViaService: s3',
      'expire  s3:PutObject  <storage/bucket.Arn>/a/*  if StringEquals kms:ViaService: s3',
      'expire  s3:PutObject  arn:b  if StringEquals kms:ViaService: s3',
    ]);
  });

  it.each([
    ['a managed policy', { Type: 'AWS::IAM::ManagedPolicy', ...metadata('other') }],
    ['a role with a managed policy', { ...role, Properties: { ManagedPolicyArns: ['arn:x'] } }],
    ['a role with a policy of its own', { ...role, Properties: { Policies: [{}] } }],
    ['all actions but some', policy({ Effect: 'Allow', NotAction: 's3:GetObject', Resource: '*' })],
    ['all resources but some', policy({ Effect: 'Allow', Action: 's3:GetObject', NotResource: '*' })],
    ['an element that it does not know', policy({ ...allow, Principal: '*' })],
  ])('refuses %s, which it would not show', (_, resource) => {
    expect(() => permissionLines({ Resources: { Role1: role, Other1: resource } })).toThrow();
  });
});
