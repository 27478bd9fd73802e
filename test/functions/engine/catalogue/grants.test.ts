import { grantsOf, serverWith } from './rights-fixture.ts';

const TO_ME = 'TO `u`@`h`';

describe('a right on a schema', () => {
  it.each([
    ['on the server', `GRANT SELECT ON *.* ${TO_ME}`, true],
    ['as all privileges', `GRANT ALL PRIVILEGES ON *.* ${TO_ME}`, true],
    ['by its exact name', `GRANT SELECT ON \`shop\\_1\`.* ${TO_ME}`, true],
    ['by a name whose _ stands for any character', `GRANT SELECT ON \`shop_1\`.* ${TO_ME}`, true],
    ['by a pattern', `GRANT SELECT ON \`sh%\`.* ${TO_ME}`, true],
    ['by a pattern that fits all', `GRANT SELECT ON \`%\`.* ${TO_ME}`, true],
    ['not by another name', `GRANT SELECT ON \`shop\`.* ${TO_ME}`, false],
    ['not by a pattern that ends before', `GRANT SELECT ON \`shop_\`.* ${TO_ME}`, false],
    ['not by a pattern whose % is literal', `GRANT SELECT ON \`shop\\%\`.* ${TO_ME}`, false],
    [
      'not by a name that only a regular expression takes for it',
      `GRANT SELECT ON \`shop.1\`.* ${TO_ME}`,
      false,
    ],
    ['not by a right on one table', `GRANT SELECT ON \`shop_1\`.\`t\` ${TO_ME}`, false],
    ['not by another right', `GRANT INSERT ON \`shop\\_1\`.* ${TO_ME}`, false],
    ['not in another case', `GRANT SELECT ON \`SHOP\\_1\`.* ${TO_ME}`, false],
  ])('is held %s', (_, line, held) => {
    expect(grantsOf([line]).holdsOnSchema('shop_1', 'SELECT')).toBe(held);
  });

  it('is held in any case where the server folds names', () => {
    const server = serverWith({ lowerCaseTableNames: 1 });
    expect(grantsOf([`GRANT SELECT ON \`SHOP%\`.* ${TO_ME}`], server).holdsOnSchema('shop_1', 'SELECT')).toBe(
      true,
    );
  });

  it('is lost where it was revoked from this schema', () => {
    const grants = grantsOf([
      `GRANT SELECT, EVENT ON *.* ${TO_ME}`,
      'REVOKE SELECT ON `shop`.* FROM `u`@`h`',
    ]);
    expect(grants.holdsOnSchema('shop', 'SELECT')).toBe(false);
    expect(grants.holdsOnSchema('shop', 'EVENT')).toBe(true);
    expect(grants.holdsOnSchema('other', 'SELECT')).toBe(true);
    expect(grants.restrictedSchemas).toEqual(['shop']);
  });

  it('comes from the exact grant alone where there is one, as servers apply it', () => {
    const grants = grantsOf([`GRANT SELECT ON \`sh%\`.* ${TO_ME}`, `GRANT EVENT ON \`shop\`.* ${TO_ME}`]);
    expect(grants.holdsOnSchema('shop', 'EVENT')).toBe(true);
    expect(grants.holdsOnSchema('shop', 'SELECT')).toBe(false);
    expect(grants.holdsOnSchema('ship', 'SELECT')).toBe(true);
  });

  it('comes from patterns only where all that fit give it, as the server applies one of them', () => {
    const grants = grantsOf([
      `GRANT SELECT, EVENT ON \`sh%\`.* ${TO_ME}`,
      `GRANT SELECT ON \`%op\`.* ${TO_ME}`,
    ]);
    expect(grants.holdsOnSchema('shop', 'SELECT')).toBe(true);
    expect(grants.holdsOnSchema('shop', 'EVENT')).toBe(false);
  });

  it('of a role is added to the own ones', () => {
    const grants = grantsOf([`GRANT SELECT ON \`shop\`.* ${TO_ME}`, 'GRANT EVENT ON `shop`.* TO `reader`']);
    expect(grants.holdsOnSchema('shop', 'SELECT')).toBe(true);
    expect(grants.holdsOnSchema('shop', 'EVENT')).toBe(true);
  });

  it('is by the very name where patterns are switched off', () => {
    const server = serverWith({ literalGrantNames: true });
    const grants = grantsOf([`GRANT SELECT ON \`shop_1\`.* ${TO_ME}`], server);
    expect(grants.holdsOnSchema('shop_1', 'SELECT')).toBe(true);
    expect(grants.holdsOnSchema('shopx1', 'SELECT')).toBe(false);
    expect(grants.grantName('shop_2')).toBe('`shop_2`');
  });
});

describe('a right on a table', () => {
  it('is held by itself or through schema and server', () => {
    expect(
      grantsOf([`GRANT SELECT ON \`mysql\`.\`proc\` ${TO_ME}`]).holdsOnTable('mysql', 'proc', 'SELECT'),
    ).toBe(true);
    expect(grantsOf([`GRANT SELECT ON \`mysql\`.* ${TO_ME}`]).holdsOnTable('mysql', 'proc', 'SELECT')).toBe(
      true,
    );
    expect(
      grantsOf([`GRANT SELECT ON \`mysql\`.\`user\` ${TO_ME}`]).holdsOnTable('mysql', 'proc', 'SELECT'),
    ).toBe(false);
  });
});

describe('the name to grant more on', () => {
  it('is that of the grant that applies now: another would hide what it gives', () => {
    expect(grantsOf([`GRANT SELECT ON \`sh%\`.* ${TO_ME}`]).grantName('shop')).toBe('`sh%`');
    expect(
      grantsOf([`GRANT SELECT ON \`sh%\`.* ${TO_ME}`, `GRANT EVENT ON \`shop\`.* ${TO_ME}`]).grantName(
        'shop',
      ),
    ).toBe('`shop`');
  });

  it('is the schema itself, with its wildcards taken literally, where there is none', () => {
    expect(grantsOf([]).grantName('my_shop%`')).toBe('`my\\_shop\\%```');
  });
});
