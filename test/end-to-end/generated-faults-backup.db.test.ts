import { describeFaults } from './generated-faults.ts';

describeFaults([
  ['backup', 'aws'],
  ['backup', 'database'],
]);
