import { describeFaults } from './describe-faults.ts';

// Deletions come last: one that failed goes on by itself five minutes later.
describeFaults(
  [
    ['backup', 'aws'],
    ['backup', 'database'],
    ['restore', 'aws'],
    ['restore', 'database'],
    ['verify', 'aws'],
    ['expire', 'aws'],
  ],
  'parallel',
);
