import { describeRandomKills } from './random-kills.ts';

const isFull = process.env.SAFEBASE_FULL === '1';
describeRandomKills('mariadb-11.8', isFull ? 50 : 6, 'parallel');
if (isFull) describeRandomKills('mysql-9.7', 50, 'parallel');
