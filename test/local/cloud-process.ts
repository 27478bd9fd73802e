/** A local cloud in a process of its own, to be killed by its test. Prints where it is, then serves. */
import { startCloud } from '../../local/cloud.ts';

const [assemblyFolder = '', dataFolder = ''] = process.argv.slice(2);
const { apiUrl, awsUrl, operator } = await startCloud({ assemblyFolder, dataFolder });
console.log(JSON.stringify({ apiUrl, awsUrl, operator }));
