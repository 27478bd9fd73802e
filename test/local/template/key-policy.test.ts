import { delegatedActions } from '../../../local/template/key-policy.ts';

const own = {
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::000000000000:root' },
  Action: 'kms:*',
  Resource: '*',
};
const policy = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });

describe('the policy of a key', () => {
  it('leaves to roles what it allows to the account, and by default everything', () => {
    expect(delegatedActions(undefined)).toEqual(['kms:*']);
    expect(delegatedActions(policy(own))).toEqual(['kms:*']);
    expect(delegatedActions(policy({ ...own, Action: ['kms:Sign', 'kms:Get*'] }))).toEqual([
      'kms:Sign',
      'kms:Get*',
    ]);
    expect(delegatedActions(policy())).toEqual([]);
  });

  it.each([
    ['a denial', { ...own, Effect: 'Deny' }],
    ['a role', { ...own, Principal: { AWS: 'arn:aws:iam::000000000000:role/r' } }],
    ['a service', { ...own, Principal: { Service: 'logs.amazonaws.com' } }],
    ['a condition', { ...own, Condition: { StringEquals: { 'kms:ViaService': 's3' } } }],
    ['another resource', { ...own, Resource: 'arn:aws:kms:x' }],
    ['all actions but some', { ...own, NotAction: 'kms:Sign' }],
  ])('stops the start where it holds %s', (_, statement) => {
    expect(() => delegatedActions(policy(own, statement))).toThrow('policy of a key');
  });
});
