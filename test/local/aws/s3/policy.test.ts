import {
  type AccessQuestion,
  type BucketPolicy,
  decide,
  parsePolicy,
} from '../../../../local/aws/s3/policy.ts';

const question = (more: Partial<AccessQuestion>): AccessQuestion => ({
  action: 's3:PutObject',
  resource: 'arn:aws:s3:::b/databases/db_1/backups/bk_1/manifest.json',
  conditionKeys: { 'aws:SecureTransport': 'true', 's3:ObjectCreationOperation': 'true' },
  ...more,
});
const deny = (more: object): BucketPolicy =>
  parsePolicy({ Statement: { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*', ...more } });
const keys = (conditionKeys: AccessQuestion['conditionKeys']) => question({ conditionKeys });

describe('a bucket policy', () => {
  it.each<[string, object, AccessQuestion, 'Deny' | undefined]>([
    ['any action', {}, question({}), 'Deny'],
    ['an action without regard to case', { Action: 'S3:putobject' }, question({}), 'Deny'],
    ['another action', { Action: ['s3:Get*', 's3:List?'] }, question({}), undefined],
    ['all but an action', { Action: undefined, NotAction: 's3:Get*' }, question({}), 'Deny'],
    ['a key by its end', { Resource: 'arn:aws:s3:::b/*/manifest.json' }, question({}), 'Deny'],
    [
      'a key with a sign of patterns',
      { Resource: 'arn:aws:s3:::b/a.b' },
      question({ resource: 'arn:aws:s3:::b/aXb' }),
      undefined,
    ],
    ['all but a key', { Resource: undefined, NotResource: 'arn:aws:s3:::b/*' }, question({}), undefined],
    [
      'no TLS, over TLS',
      { Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      question({}),
      undefined,
    ],
    ['a missing key, missing', { Condition: { Null: { 's3:if-none-match': true } } }, question({}), 'Deny'],
    [
      'a missing key, there',
      { Condition: { Null: { 's3:if-none-match': 'true' } } },
      keys({ 's3:if-none-match': '*' }),
      undefined,
    ],
    [
      'an operator on a missing key',
      { Condition: { StringEquals: { 's3:prefix': 'a' } } },
      keys({}),
      undefined,
    ],
    [
      'IfExists on a missing key',
      { Condition: { StringEqualsIfExists: { 's3:prefix': 'a' } } },
      keys({}),
      'Deny',
    ],
    [
      'a denial of values on a missing key',
      { Condition: { StringNotEquals: { 's3:prefix': 'a' } } },
      keys({}),
      'Deny',
    ],
    [
      'one of several values',
      { Condition: { StringLike: { 's3:prefix': ['a*', 'b*'] } } },
      keys({ 's3:prefix': 'bx' }),
      'Deny',
    ],
    [
      'two conditions, one of which holds',
      { Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } } },
      keys({ 's3:ObjectCreationOperation': 'false' }),
      undefined,
    ],
    [
      'an old TLS',
      { Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } } },
      keys({ 's3:TlsVersion': '1.3' }),
      undefined,
    ],
    [
      'a service that we are not',
      { Principal: { Service: 'cloudtrail.amazonaws.com' } },
      question({}),
      undefined,
    ],
  ])('denies %s as AWS does', (_case, statement, asked, decision) => {
    expect(decide(deny(statement), asked)).toBe(decision);
  });

  it('denies where one statement denies, whatever others allow', () => {
    const both = ['Allow', 'Deny'].map((Effect) => ({ Effect, Principal: '*', Action: '*', Resource: '*' }));
    expect(decide(parsePolicy({ Statement: both }), question({}))).toBe('Deny');
    expect(decide(parsePolicy({ Statement: both.slice(0, 1) }), question({}))).toBe('Allow');
  });

  it.each<[string, object]>([
    ['NotPrincipal', { NotPrincipal: '*' }],
    ['Principal', { Principal: { AWS: 'arn:aws:iam::1:role/r' } }],
    ['IpAddress', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }],
    ['aws:PrincipalArn', { Condition: { StringEquals: { 'aws:PrincipalArn': 'x' } } }],
    ['NullIfExists', { Condition: { NullIfExists: { 's3:prefix': 'true' } } }],
    ['toString', { Condition: { toString: { 's3:prefix': 'true' } } }],
    ['Effect', { Effect: 'Audit' }],
    ['Action or NotAction', { Action: undefined }],
  ])('with %s, which is not evaluated here, is an error', (name, statement) => {
    expect(() => deny(statement)).toThrow(name);
  });
});
