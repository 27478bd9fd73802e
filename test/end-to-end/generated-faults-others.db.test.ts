import { describeFaults } from './generated-faults.ts';

describeFaults([
  ['expire', 'aws'],
  ['verify', 'aws'],
]);
