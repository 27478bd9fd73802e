import { refuseFoldedNames } from '../../../../functions/engine/catalogue/name-case.ts';

describe('refuseFoldedNames', () => {
  it.each([
    [0, ['Orders', 'orders'], [], undefined],
    [1, ['orders', 'lines'], ['Old'], undefined],
    [
      1,
      ['orders', 'Lines'],
      [],
      'the target has lower_case_table_names = 1 and keeps in lower case only: "Lines"',
    ],
    [2, ['Orders', 'lines', 'Orders'], ['Orders', 'Other', 'other'], undefined],
    [
      2,
      ['Orders', 'lines', 'orders'],
      [],
      'the target has lower_case_table_names = 2 and takes for one and the same: "Orders", "orders"',
    ],
    [
      2,
      ['Shop'],
      ['shop'],
      'the target has lower_case_table_names = 2 and takes for one and the same: "shop", "Shop"',
    ],
  ])('with setting %i, names %j beside %j', (setting, names, beside, message) => {
    const refuse = () => refuseFoldedNames(setting, names, beside);
    if (message === undefined) refuse();
    else expect(refuse).toThrow(expect.objectContaining({ code: 'names_changed', message }));
  });

  it('tells ten names and how many more there are', () => {
    const names = Array.from({ length: 12 }, (_, index) => `T${index}`);
    expect(() => refuseFoldedNames(1, names)).toThrow(/"T9" and 2 more$/);
  });
});
