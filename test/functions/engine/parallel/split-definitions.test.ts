import {
  DefinitionSplitter,
  type Definitions,
} from '../../../../functions/engine/parallel/split-definitions.ts';
import { describe as told } from '../../../../functions/engine/sql/statements/describe.ts';
import { readStatements } from '../../../../functions/engine/sql/statements/read-statements.ts';
import { SAMPLE_DUMP } from '../sql/statements/sample-dump.ts';
import { inChunks } from '../sql/stored-dump.ts';

const WITHOUT_ROWS = SAMPLE_DUMP.replaceAll(/^INSERT INTO[^;]*(?:;[^\n]*\n(?=\(|,))*[\s\S]*?\);\n/gm, '');

async function split(text: string, chunkBytes?: number): Promise<Record<keyof Definitions, string>> {
  const splitter = new DefinitionSplitter();
  const sides = { before: [] as Buffer[], after: [] as Buffer[] };
  for await (const item of readStatements(inChunks(Buffer.from(text), chunkBytes), 'shop')) {
    const { before, after } = splitter.take(item);
    sides.before.push(before);
    sides.after.push(after);
  }
  return { before: Buffer.concat(sides.before).toString(), after: Buffer.concat(sides.after).toString() };
}

/** What the statements of a text do, and in which mode; settings themselves left out. */
async function statementsIn(text: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const item of readStatements(inChunks(Buffer.from(text)), 'shop')) {
    if (item.type !== 'statement' || item.does.kind === 'session') continue;
    found.push(`${told(item.does)} ${item.session.settings.sqlMode}: ${item.text}`);
  }
  return found;
}

const program = (text: string): string => `DELIMITER ;;\n${text} ;;\nDELIMITER ;\n`;

describe('DefinitionSplitter', () => {
  it.each([1, 7, 1_000])(
    'puts what rows need before them, and the rest after, in chunks of %d',
    async (bytes) => {
      const { before, after } = await split(WITHOUT_ROWS, bytes);
      const names = (found: readonly string[]) => found.map((one) => one.slice(0, one.indexOf(': ')));
      const mode = 'NO_AUTO_VALUE_ON_ZERO';
      expect(names(await statementsIn(before))).toEqual([
        `drop \`a;b\` ${mode}`,
        `table \`a;b\` ${mode}`,
        `sequence \`seq\` ${mode}`,
        `sequence value \`seq\` ${mode}`,
        `stand-in \`v\` ${mode}`,
      ]);
      expect(names(await statementsIn(after))).toEqual([
        `keys \`a;b\` ${mode}`,
        `commit ${mode}`,
        'trigger `t"1` ANSI_QUOTES,NO_BACKSLASH_ESCAPES',
        `drop \`v\` ${mode}`,
        `view \`v\` ${mode}`,
      ]);
    },
  );

  it('loses no statement and changes none', async () => {
    const { before, after } = await split(WITHOUT_ROWS);
    const both = [...(await statementsIn(before)), ...(await statementsIn(after))];
    expect(both.toSorted()).toEqual((await statementsIn(WITHOUT_ROWS)).toSorted());
  });

  it('drops a view where its stand-in comes, and again where the view itself does', async () => {
    const drop = '/*!50001 DROP VIEW IF EXISTS `v`*/;\n';
    const standIn = '/*!50001 CREATE VIEW `v` AS SELECT\n 1 AS `id` */;\n';
    const view = '/*!50001 CREATE ALGORITHM=UNDEFINED */ /*!50001 VIEW `v` AS select 1 AS `id` */;\n';
    expect(await split(drop + standIn + drop + view)).toEqual({ before: drop + standIn, after: drop + view });
  });

  it('finds a delimiter that a program does not hold', async () => {
    const body = "CREATE PROCEDURE `p`() SELECT ';;;;'";
    const { after } = await split(program(body));
    expect(after).toBe(`DELIMITER ;;;;;\n${body} ;;;;;\nDELIMITER ;\n`);
    expect(await statementsIn(after)).toHaveLength(1);
    await expect(split(program(`CREATE PROCEDURE \`p\`() SELECT '${';'.repeat(16)}'`))).rejects.toMatchObject(
      {
        code: 'dump_escapes_target',
      },
    );
  });

  it('keeps a semicolon at the end of a program apart from its delimiter', async () => {
    const body = 'CREATE TRIGGER `x` BEFORE INSERT ON `t` FOR EACH ROW BEGIN END;';
    const { after } = await split(program(body));
    expect(await statementsIn(after)).toEqual([`trigger \`x\` : ${body} `]);
    expect((await split(after)).after).toBe(after);
  });

  it('refuses rows', async () => {
    await expect(split(SAMPLE_DUMP)).rejects.toMatchObject({ code: 'dump_escapes_target' });
  });
});
