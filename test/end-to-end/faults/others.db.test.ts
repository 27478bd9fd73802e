import { describeFaults } from './describe-faults.ts';

// A deletion that failed goes on by itself five minutes later, and its calls must not be counted among others.
describeFaults([
  ['verify', 'aws'],
  ['expire', 'aws'],
]);
