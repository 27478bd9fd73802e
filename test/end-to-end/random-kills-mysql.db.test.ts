import { describeRandomKills } from './random-kills.ts';

describeRandomKills('mysql-9.7', process.env.SAFEBASE_FULL === '1' ? 100 : 4);
