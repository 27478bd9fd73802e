import { describeFaults } from './describe-faults.ts';

describeFaults([
  ['backup', 'aws'],
  ['backup', 'database'],
]);
