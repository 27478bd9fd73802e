import { describeRandomKills } from './random-kills.ts';

describeRandomKills('mariadb-11.8', process.env.SAFEBASE_FULL === '1' ? 100 : 10);
