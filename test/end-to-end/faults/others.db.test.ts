import { describeFaults } from './describe-faults.ts';

describeFaults([
  ['expire', 'aws'],
  ['verify', 'aws'],
]);
