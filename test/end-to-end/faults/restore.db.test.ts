import { describeFaults } from './describe-faults.ts';

describeFaults([
  ['restore', 'aws'],
  ['restore', 'database'],
]);
