import { nearNames } from '../../../functions/core/near-names.ts';

it.each([
  ['order', ['items', 'orders', 'order_lines'], ['orders']],
  ['ORDERS', ['orders'], ['orders']],
  ['odrers', ['orders', 'others', 'invoices'], ['orders', 'others']],
  ['customers', ['items', 'orders'], []],
])('whoever asked for %s among %p may have meant %p', (wanted, names, near) => {
  expect(nearNames(wanted, names)).toEqual(near);
});
