import { zstdCompressSync } from 'node:zlib';
import { checkDump } from '../../../../functions/engine/sql/check-dump.ts';
import { SAMPLE_DUMP } from './statements/sample-dump.ts';
import { END_LINE, inChunks, storedDump, storedFrames } from './stored-dump.ts';

const program = (text: string) => `DELIMITER ;;\n${text} ;;\nDELIMITER ;\n`;
const renamed = (text: string) => checkDump(storedDump(`${text}\n${END_LINE}`, { targetSchema: 'copy' }));

describe('checkDump', () => {
  it('tells on the way how many tables and rows it has seen', async () => {
    const told: unknown[] = [];
    const onProgress = (bytes: number, seen?: object) => told.push({ bytes, ...seen });
    const table = (name: string) => `CREATE TABLE \`${name}\` (\`a\` int) ENGINE=InnoDB;\n`;
    const rows = (name: string) => `INSERT INTO \`${name}\` VALUES (1),(2);\n`;
    const frames = [table('t') + rows('t') + rows('t'), table('u') + rows('u'), END_LINE];
    const dump = storedDump(frames.join(''), { onProgress });
    const compressed = frames.map((frame) => zstdCompressSync(Buffer.from(frame)));
    await checkDump({ ...dump, dump: inChunks(Buffer.concat(compressed), 1_000_000) });
    // What a batch holds is told with the next, and its last statement may wait for more text.
    expect(told).toMatchObject([
      { tables: 0, rows: 0 },
      { tables: 1, rows: 2 },
      { tables: 2, rows: 4 },
      { tables: 2, rows: 6 },
    ]);
  });

  it('counts what the dump makes', async () => {
    const { created, tables } = await checkDump(storedDump(SAMPLE_DUMP));
    expect(tables).toEqual([{ name: 'a;b', rows: 9 }]);
    expect(created).toEqual({
      tables: 1,
      views: 1,
      triggers: 1,
      procedures: 0,
      functions: 0,
      events: 0,
      sequences: 1,
      packages: 0,
    });
  });

  it('names the collations of tables, columns and programs, and not what looks like one', async () => {
    const text = [
      "CREATE TABLE `t` (`a` char(1) COLLATE utf8mb4_bin COMMENT 'COLLATE odd', /* COLLATE none */",
      '`b` text COLLATE `quoted_ci`) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_bin;',
      program("CREATE PROCEDURE `p`() SELECT 'a' COLLATE utf8mb4_0900_ai_ci, 'COLLATE x'"),
      END_LINE,
    ].join('\n');
    const { collations } = await checkDump(storedDump(text));
    expect(collations).toEqual(['utf8mb4_bin', 'quoted_ci', 'latin1_bin', 'utf8mb4_0900_ai_ci']);
  });

  it('tells under which modes programs and views were made', async () => {
    const mode = (name: string) => `/*!50003 SET sql_mode = '${name}' */ ;`;
    const text = [
      mode('ANSI'),
      'CREATE TABLE `t` (`a` int) ENGINE=InnoDB;',
      mode('STRICT_ALL_TABLES'),
      program('CREATE PROCEDURE `p`() SELECT 1'),
      END_LINE,
    ].join('\n');
    expect((await checkDump(storedDump(text))).sqlModes).toEqual(['STRICT_ALL_TABLES']);
  });

  it('tells the longest statement, in whatever pieces it comes', async () => {
    const insert = `INSERT INTO \`t\` VALUES ('${'x'.repeat(5_000)}'),('y');`;
    const text = `CREATE TABLE \`t\` (\`x\` longtext) ENGINE=InnoDB;\nINSERT INTO \`t\` VALUES ('z');\n${insert}\nINSERT INTO \`t\` VALUES ('z');\n${END_LINE}`;
    for (const bytes of [100, 1_000, 1_000_000]) {
      const dump = storedFrames(inChunks(Buffer.from(text), bytes));
      const { largestStatementBytes } = await checkDump(storedDump(text, { dump }));
      expect(largestStatementBytes).toBe(insert.length);
    }
  });

  it.each([
    ['a default', 'CREATE TABLE `t` (`a` int DEFAULT nextval(`shop`.`s`)) ENGINE=InnoDB;', 'table `t`'],
    [
      'a view',
      '/*!50001 CREATE ALGORITHM=UNDEFINED */ /*!50001 VIEW `v` AS select `shop`.`t`.`a` from `shop`.`t` */;',
      'view `v`',
    ],
    ['a body', program('CREATE PROCEDURE `p`() DELETE FROM shop.t'), 'procedure `p`'],
    [
      'a string in a body',
      program("CREATE PROCEDURE `p`() PREPARE s FROM 'DELETE FROM shop.t'"),
      'procedure `p`',
    ],
    ['a body in another case', program('CREATE PROCEDURE `p`() DELETE FROM SHOP.t'), 'procedure `p`'],
    [
      'a string in another case',
      program("CREATE PROCEDURE `p`() PREPARE s FROM 'DELETE FROM `Shop`.t'"),
      'procedure `p`',
    ],
    [
      'the name of a trigger',
      program('CREATE TRIGGER shop.x BEFORE INSERT ON t FOR EACH ROW SET @a=1'),
      'trigger `x`',
    ],
    ['an event', program('CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY DO CALL `shop`.p()'), 'event `e`'],
  ])('finds the old name in %s under a new name', async (_, text, object) => {
    expect((await renamed(text)).carriesName).toEqual([object]);
    expect((await checkDump(storedDump(`${text}\n${END_LINE}`))).carriesName).toEqual([]);
  });

  it.each([
    ['rows', "CREATE TABLE `t` (`a` text) ENGINE=InnoDB;INSERT INTO `t` VALUES ('shop.t');"],
    ['comments of tables', "CREATE TABLE `t` (`a` int) COMMENT='see shop.t';"],
    ['sentences in a body', program("CREATE PROCEDURE `p`() SELECT 'the shop. It is open'")],
    ['longer names', program('CREATE PROCEDURE `p`() DELETE FROM workshop.t')],
    ['names after a dot', program('CREATE PROCEDURE `p`() SELECT t.shop FROM t')],
    [
      'ALTER DATABASE, which the load changes',
      'ALTER DATABASE `shop` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ;',
    ],
  ])('finds none in %s', async (_, text) => {
    expect((await renamed(text)).carriesName).toEqual([]);
  });

  const stored = zstdCompressSync(SAMPLE_DUMP);
  const bytes = Buffer.byteLength(SAMPLE_DUMP);
  it.each([
    ['a frame that is cut', { dump: inChunks(stored.subarray(0, -1)) }, 'backup_damaged'],
    ['half a frame', { dump: inChunks(stored.subarray(0, stored.length / 2)) }, 'backup_damaged'],
    ['no frame at all', { dump: inChunks(Buffer.from(SAMPLE_DUMP)) }, 'backup_damaged'],
    ['more text than promised', { dumpBytes: bytes - 1 }, 'backup_damaged'],
    ['less text than promised', { dumpBytes: bytes + 1 }, 'backup_damaged'],
  ])('refuses %s', async (_, changed, code) => {
    await expect(checkDump(storedDump(SAMPLE_DUMP, changed))).rejects.toMatchObject({ code });
  });

  it('reads on where a frame ends', async () => {
    const frames = [SAMPLE_DUMP.slice(0, 500), SAMPLE_DUMP.slice(500)].map((text) => zstdCompressSync(text));
    const { created } = await checkDump(storedDump(SAMPLE_DUMP, { dump: inChunks(Buffer.concat(frames)) }));
    expect(created.tables).toBe(1);
  });

  it('refuses a whole frame without the end line', async () => {
    await expect(checkDump(storedDump('COMMIT;\n'))).rejects.toMatchObject({ code: 'dump_truncated' });
  });

  it('passes on what the source throws', async () => {
    const failing = (async function* () {
      yield stored.subarray(0, 100);
      throw new Error('storage is gone');
    })();
    await expect(checkDump(storedDump(SAMPLE_DUMP, { dump: failing }))).rejects.toThrow('storage is gone');
  });
});
