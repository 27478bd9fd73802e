import { describeFaults } from './generated-faults.ts';

describeFaults([
  ['restore', 'aws'],
  ['restore', 'database'],
]);
