// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are CloudFormation's.
import { NO_VALUE, resolveCondition, resolveValue, type Scope } from '../../../local/template/intrinsics.ts';

const missing = (name: string): never => {
  throw new Error(`there is no ${name}`);
};
const scope: Scope = {
  reference: (name) =>
    ({ Region: 'eu-west-1', Bucket: 'store', 'AWS::NoValue': NO_VALUE })[name] ?? missing(name),
  attribute: (logicalId, attribute) => `${logicalId}'s ${attribute}`,
  mapping: (map, first, second) => `${map}/${first}/${second}`,
  condition: (name) => name === 'Yes',
};

describe('an intrinsic function', () => {
  it.each<[string, unknown, unknown]>([
    ['Ref', { Ref: 'Bucket' }, 'store'],
    ['GetAtt of a list', { 'Fn::GetAtt': ['Bucket', 'Arn'] }, "Bucket's Arn"],
    ['GetAtt of a text', { 'Fn::GetAtt': 'Bucket.Nested.Arn' }, "Bucket's Nested.Arn"],
    ['Sub of names and attributes', { 'Fn::Sub': '${Bucket}:${Bucket.Arn}' }, "store:Bucket's Arn"],
    ['Sub with variables', { 'Fn::Sub': ['${a}-${Region}', { a: { Ref: 'Bucket' } }] }, 'store-eu-west-1'],
    ['Sub of a literal', { 'Fn::Sub': '${!Literal}' }, '${Literal}'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Region' }, 1]] }, 'a-eu-west-1-1'],
    ['Split and Select', { 'Fn::Select': ['1', { 'Fn::Split': ['-', { Ref: 'Region' }] }] }, 'west'],
    ['If that holds', { 'Fn::If': ['Yes', 'a', { Ref: 'Nothing' }] }, 'a'],
    ['If that does not', { 'Fn::If': ['No', { Ref: 'Nothing' }, 'b'] }, 'b'],
    ['FindInMap', { 'Fn::FindInMap': ['Map', { Ref: 'Region' }, 'x'] }, 'Map/eu-west-1/x'],
    ['NoValue in an object', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
    ['NoValue in a list', [{ 'Fn::If': ['No', 'a', { Ref: 'AWS::NoValue' }] }, 'b'], ['b']],
    ['text that only looks like one', { Ref: 'a', Other: 1 }, { Ref: 'a', Other: 1 }],
  ])('%s', (_, value, expected) => {
    expect(resolveValue(value, scope)).toEqual(expected);
  });

  it.each<[string, unknown, RegExp]>([
    ['finds nothing', { Ref: 'Nothing' }, /no Nothing/],
    ['is unknown', { 'Fn::Transform': {} }, /Fn::Transform is not known/],
    ['selects nothing', { 'Fn::Select': [3, ['a']] }, /no item 3/],
    ['joins an object', { 'Fn::Join': ['', [{ a: 1 }]] }, /a text was expected/],
  ])('fails where it %s', (_, value, message) => {
    expect(() => resolveValue(value, scope)).toThrow(message);
  });
});

describe('a condition', () => {
  it.each<[string, unknown, boolean]>([
    ['Equals', { 'Fn::Equals': [{ Ref: 'Region' }, 'eu-west-1'] }, true],
    ['Equals of different values', { 'Fn::Equals': [{ Ref: 'Region' }, 'us-east-1'] }, false],
    ['Not', { 'Fn::Not': [{ Condition: 'Yes' }] }, false],
    ['And', { 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] }, false],
    ['Or', { 'Fn::Or': [{ Condition: 'No' }, { Condition: 'Yes' }] }, true],
  ])('%s', (_, condition, expected) => {
    expect(resolveCondition(condition, scope)).toBe(expected);
  });

  it('that is not known fails', () => {
    expect(() => resolveCondition({ 'Fn::Contains': [] }, scope)).toThrow('Fn::Contains is not known');
  });
});
