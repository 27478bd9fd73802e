import { DumpCheck } from '../../../../functions/engine/sql/check-dump.ts';

const VIEW = 'CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`%` SQL SECURITY DEFINER VIEW `v` AS ';

/** What one statement needs. */
function needsOf(statement: string) {
  const check = new DumpCheck('shop');
  check.take(Buffer.from(`${statement};\n`));
  check.end();
  return check.result().outsideNeeds;
}

describe('what a dump needs of other schemas', () => {
  it.each([
    ['a table', 'select `crm`.`people`.`id` AS `id` from `crm`.`people`', ['crm.people']],
    ['a table with an alias', 'select `p`.`id` AS `id` from `crm`.`people` `p`', ['crm.people']],
    [
      'tables of a join',
      'select 1 AS `x` from (`crm`.`people` `p` left join (`orders` `o` join `erp`.`items`) on((`p`.`id` = `o`.`id`)))',
      ['crm.people', 'erp.items'],
    ],
    ['a schema like a column', 'select `p`.`crm` AS `crm` from `crm`.`people` `p`', ['crm.people']],
    [
      'a table in a subquery',
      'select `o`.`id` AS `id` from `orders` `o` where exists(select 1 from `crm`.`people` where (`crm`.`people`.`id` = `o`.`id`))',
      ['crm.people'],
    ],
    ['a sequence', 'select nextval(`crm`.`numbers`) AS `n`', ['crm.numbers']],
    [
      'columns of its own',
      'select `orders`.`id` AS `id`,`o`.`id` AS `x` from (`orders` join `other` `o`)',
      [],
    ],
    ['its own schema', 'select `shop`.`orders`.`id` AS `id` from `shop`.`orders`', []],
    ['parts of a date', 'select extract(year from `o`.`made`) AS `y` from `orders` `o`', []],
    [
      'a derived table and a common one',
      'with `c` as (select 1 AS `n`) select `d`.`n` AS `n`,`c`.`n` AS `m` from (select 1 AS `n`) `d` join `c`',
      [],
    ],
    ['a function, which is asked for only when it runs', 'select `crm`.`f`(1) AS `y`', []],
  ])('of a view: %s', (_, query, expected) => {
    const tables = needsOf(VIEW + query).map(({ schema, table }) => `${schema}.${table}`);
    expect([...new Set(tables)]).toEqual(expected);
  });

  it('of a table: the parents of its foreign keys', () => {
    const key = (parent: string) => `CONSTRAINT \`k\` FOREIGN KEY (\`id\`) REFERENCES ${parent} (\`id\`)`;
    const table = `CREATE TABLE \`t\` (\`id\` int, ${key('`crm`.`people`')}, ${key('`orders`')})`;
    expect(needsOf(table)).toEqual([
      { by: 'table `t`', schema: 'crm', table: 'people', right: 'REFERENCES' },
    ]);
  });
});
