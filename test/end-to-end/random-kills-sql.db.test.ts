import { describeRandomKills } from './random-kills.ts';

const isFull = process.env.SAFEBASE_FULL === '1';
describeRandomKills('mariadb-11.8', isFull ? 100 : 4, 'sql');
if (isFull) describeRandomKills('mysql-9.7', 100, 'sql');
