import { allows, parseIdentityPolicy, type Use } from '../../../local/aws/identity-policy.ts';

const policy = (...Statement: object[]) => parseIdentityPolicy({ Version: '2012-10-17', Statement });
const allow = (Action: string | string[], Resource: string, Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
});
const read: Use = { action: 's3:GetObject', resource: 'arn:aws:s3:::b/databases/x' };
const item = (...keys: string[]): Use => ({
  action: 'dynamodb:GetItem',
  resource: 'arn:table',
  conditionKeys: { 'dynamodb:LeadingKeys': keys },
});
const leading = {
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['DB#*', 'BK#*'] },
  Null: { 'dynamodb:LeadingKeys': 'false' },
};
const via = { StringEquals: { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' } };
/** As a policy writes it. */
const VARIABLE = '$'.concat('{aws:PrincipalTag/team}');
const decrypt: Use = { action: 'kms:Decrypt', resource: 'arn:key' };

describe('a role', () => {
  it.each<[string, boolean, object[], Use]>([
    ['may nothing without a word', false, [], read],
    ['may what is named', true, [allow('s3:GetObject', 'arn:aws:s3:::b/databases/*')], read],
    ['may it in any case of letters', true, [allow('S3:getobject', '*')], read],
    ['may not another action', false, [allow(['s3:PutObject', 's3:GetObjectVersion'], '*')], read],
    ['may not at another prefix', false, [allow('s3:GetObject', 'arn:aws:s3:::b/audit/*')], read],
    ['may not at a prefix that only begins so', false, [allow('s3:GetObject', 'arn:aws:s3:::b/data')], read],
    [
      'may not what is denied as well',
      false,
      [allow('s3:*', '*'), { ...allow('s3:GetObject', '*'), Effect: 'Deny' }],
      read,
    ],
    ['may read a record of a named kind', true, [allow('dynamodb:GetItem', '*', leading)], item('BK#1')],
    ['may not one of another', false, [allow('dynamodb:GetItem', '*', leading)], item('TOKEN#1')],
    [
      'may not one of another beside it',
      false,
      [allow('dynamodb:GetItem', '*', leading)],
      item('BK#1', 'TOKEN#1'),
    ],
    [
      'may not where the call names no key',
      false,
      [allow('dynamodb:GetItem', '*', leading)],
      { ...item(), conditionKeys: {} },
    ],
    [
      'may use a key inside of the named service',
      true,
      [allow('kms:Decrypt', '*', via)],
      { ...decrypt, conditionKeys: { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' } },
    ],
    ['may not use it directly', false, [allow('kms:Decrypt', '*', via)], decrypt],
  ])('%s', (_, expected, statements, use) => {
    expect(allows([policy(...statements)], use)).toBe(expected);
  });

  it.each([
    [
      'an unknown condition operator',
      { ...allow('a:B', '*'), Condition: { IpAddress: { 'aws:SourceIp': '::1' } } },
    ],
    ['all actions but some', { Effect: 'Allow', NotAction: 'a:B', Resource: '*' }],
    ['all resources but some', { Effect: 'Allow', Action: 'a:B', NotResource: '*' }],
    ['a principal', { ...allow('a:B', '*'), Principal: '*' }],
    ['a condition key that no call tells', allow('a:B', '*', { Null: { 'aws:SourceVpce': 'true' } })],
    ['a variable', allow('a:B', `arn:aws:s3:::b/${VARIABLE}/*`)],
    ['a variable in a condition', allow('a:B', '*', { StringLike: { 'kms:ViaService': VARIABLE } })],
  ])('has no policy with %s', (_, statement) => {
    expect(() => policy(statement)).toThrow('policy of a role');
  });
});
