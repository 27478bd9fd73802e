import { StatementRouter } from '../../../../functions/engine/sql/route-statements.ts';
import { readStatements } from '../../../../functions/engine/sql/statements/read-statements.ts';
import { SAMPLE_DUMP } from './statements/sample-dump.ts';
import { inChunks } from './stored-dump.ts';

async function route(text: string) {
  const router = new StatementRouter();
  let client = '';
  for await (const item of readStatements(inChunks(Buffer.from(text)), 'shop')) {
    client += router.route(item).toString();
  }
  return { client, ...router.routed };
}

const event = (state: string, completion = 'NOT PRESERVE') =>
  "/*!50106 DROP EVENT IF EXISTS `e` */;\nDELIMITER ;;\n/*!50106 CREATE*/ /*!50117 DEFINER=`r`@`h`*/ /*!50106 EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS '2026-01-01 00:00:00' " +
  `ON COMPLETION ${completion} ${state} COMMENT 'ON COMPLETION PRESERVE ENABLE' DO SET @a=1 */ ;;\nDELIMITER ;\n`;

describe('StatementRouter', () => {
  it('gives tables, rows and stand-ins to the load program, and holds programs and views back', async () => {
    const { client, programs, views } = await route(SAMPLE_DUMP);
    expect(client.split('\n')[0]).toBe('DROP TABLE IF EXISTS `a;b`;');
    expect(client).toContain("(8,'');");
    expect(client).toContain('CREATE VIEW `v` AS SELECT\n 1 AS `id`');
    expect(client).not.toMatch(/TRIGGER|DEFINER|DELIMITER|NO_BACKSLASH|SQL_MODE/);
    expect(programs.map(({ object, session }) => [object, session.sqlMode])).toEqual([
      ['trigger `t"1`', 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'],
    ]);
    expect(views.map(({ object }) => object)).toEqual(['drop `v`', 'view `v`']);
  });

  it('passes on the settings that the rows need, by their value', async () => {
    const { client } = await route(SAMPLE_DUMP);
    expect(client.match(/SET [^;]*;/g)).toEqual(['SET autocommit=0;', 'SET autocommit=1;']);
  });

  it.each(['PRESERVE', 'NOT PRESERVE'])(
    'switches off an event that would run, with ON COMPLETION %s, and keeps what starts it',
    async (completion) => {
      const { programs, events } = await route(event('ENABLE', completion));
      expect(events.map(({ name }) => name)).toEqual(['e']);
      const made = (state: string) =>
        expect.stringContaining(
          `ON COMPLETION ${completion} ${state} COMMENT 'ON COMPLETION PRESERVE ENABLE' DO`,
        );
      const drop = '/*!50106 DROP EVENT IF EXISTS `e` */';
      expect(programs.map(({ text }) => text.toString())).toEqual([drop, made('DISABLE')]);
      expect(events[0]?.statements.map(({ text }) => text.toString())).toEqual([drop, made('ENABLE')]);
    },
  );

  it.each(['DISABLE', 'DISABLE ON SLAVE', 'DISABLE ON REPLICA'])(
    'leaves an event alone that is %s',
    async (state) => {
      const { programs, events } = await route(event(state));
      expect(events).toEqual([]);
      expect(programs[1]?.text.toString()).toContain(` ${state} COMMENT`);
    },
  );

  it.each([
    ["AT '2026-01-01 00:00:00'", true],
    ["EVERY 1 DAY STARTS '2026-01-01 00:00:00' ENDS '2027-01-01 00:00:00'", true],
    ["EVERY 1 DAY STARTS '2026-01-01 00:00:00'", false],
  ])('knows whether the time of an event ends: %s', async (schedule, mayBeOver) => {
    const { programs } = await route(
      `DROP EVENT IF EXISTS \`e\`;CREATE EVENT \`e\` ON SCHEDULE ${schedule} ON COMPLETION PRESERVE ENABLE DO SET @a=1;`,
    );
    expect(programs[1]?.mayBeOver).toBe(mayBeOver);
  });

  it.each([
    ['of which it cannot tell whether it runs', 'DROP EVENT IF EXISTS `e`;', ''],
    ['that it could not make anew', '', 'ON COMPLETION PRESERVE ENABLE'],
  ])('refuses an event %s', async (_, drop, state) => {
    const text = `${drop}CREATE EVENT \`e\` ON SCHEDULE EVERY 1 DAY ${state} DO SET @a=1;`;
    await expect(route(text)).rejects.toMatchObject({ code: 'dump_escapes_target' });
  });

  it.each([
    ['/*!50100 TABLESPACE `ts` */ ENGINE=InnoDB', '/*!50100  */ ENGINE=InnoDB', ['table `t`: TABLESPACE']],
    ['TABLESPACE `innodb_file_per_table`', 'TABLESPACE `innodb_file_per_table`', []],
    [
      "ENGINE=MyISAM DATA DIRECTORY='/x' INDEX DIRECTORY='/y'",
      'ENGINE=MyISAM  ',
      ['table `t`: DATA DIRECTORY', 'table `t`: INDEX DIRECTORY'],
    ],
    [
      'ENGINE=ARCHIVE AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4',
      'ENGINE=ARCHIVE  DEFAULT CHARSET=utf8mb4',
      ['table `t`: AUTO_INCREMENT'],
    ],
    ['ENGINE=InnoDB AUTO_INCREMENT=5', 'ENGINE=InnoDB AUTO_INCREMENT=5', []],
    ["ENGINE=InnoDB COMMENT='DATA DIRECTORY=x'", "ENGINE=InnoDB COMMENT='DATA DIRECTORY=x'", []],
  ])('makes of the options %s: %s', async (options, kept, left) => {
    const { client, leftOut } = await route(`CREATE TABLE \`t\` (\`a\` int AUTO_INCREMENT) ${options};`);
    expect(client).toBe(`CREATE TABLE \`t\` (\`a\` int AUTO_INCREMENT) ${kept};\n`);
    expect(leftOut).toEqual(left);
  });

  it('refuses a table that is written for another session than the rows', async () => {
    await expect(route('SET sql_mode=\'ANSI_QUOTES\';CREATE TABLE "t" (a int);')).rejects.toMatchObject({
      code: 'dump_escapes_target',
    });
  });
});
