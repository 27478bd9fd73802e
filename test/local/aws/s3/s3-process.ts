/** The laptop's S3 as a process of its own, to be killed: `node s3-process.ts FOLDER`; it prints its port. */
import { createServer } from 'node:http';
import { createS3 } from '../../../../local/aws/s3/s3.ts';
import { listen } from '../../../../local/loopback.ts';

const [, , folder = '', accessKeyId = '', secret = ''] = process.argv;
const s3 = createS3({ folder, credentialsOf: (id) => (id === accessKeyId ? secret : undefined) });
s3.createBucket('durable', { versioned: true, objectLock: false, policies: [], lifecycleRules: [] });
const server = await listen(
  createServer((request, response) => void s3.handle(request, response)),
  0,
);
console.log(server.url);
