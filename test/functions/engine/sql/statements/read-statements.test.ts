import fc from 'fast-check';
import { readText } from './read-text.ts';
import { SAMPLE_DUMP, SAMPLE_STATEMENTS } from './sample-dump.ts';

describe('readStatements', () => {
  it('finds the statements of a dump', async () => {
    expect(await readText(SAMPLE_DUMP)).toEqual(SAMPLE_STATEMENTS);
  });

  it('finds the same in chunks of any size', async () => {
    const sizes = fc.integer({ min: 1, max: 200 });
    await fc.assert(
      fc.asyncProperty(sizes, async (size) => {
        expect(await readText(SAMPLE_DUMP, size)).toEqual(SAMPLE_STATEMENTS);
      }),
      { seed: 2, numRuns: process.env.SAFEBASE_FULL === '1' ? 500 : 40 },
    );
  });

  it('passes every byte of a string on, whatever it holds and wherever it is cut', async () => {
    const escaped = (bytes: Uint8Array) =>
      Buffer.from(bytes)
        .toString('latin1')
        .replaceAll(/[\\']/g, (quote) => `\\${quote}`);
    const head = 'CREATE TABLE `t` (`a` blob) ENGINE=InnoDB;\n';
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 30 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 40 }),
        async (values, size) => {
          const rows = `INSERT INTO \`t\` VALUES ${values.map((value) => `('${escaped(value)}')`).join(',')};`;
          const [table, read] = await readText(Buffer.from(`${head}${rows}\n`, 'latin1'), size);
          expect([table, read]).toEqual(['table t', rows]);
        },
      ),
      { seed: 3, numRuns: process.env.SAFEBASE_FULL === '1' ? 2000 : 100 },
    );
  });

  it('knows the stand-in of a view from each version of the tools', async () => {
    const standIn = (value: string) =>
      `/*!50001 CREATE VIEW \`v\` AS SELECT\n ${value} AS \`a\`,\n  ${value} AS \`b\` */;\n`;
    expect(await readText(`${standIn('1')}${standIn('NULL')}`)).toEqual(['stand-in v', 'stand-in v']);
  });

  it.each([
    ['sjis', 0x95, 0x5c],
    ['gbk', 0xbf, 0x5c],
    ['big5', 0xa5, 0x5c],
    ['gb18030', 0x81, 0x60],
  ])('takes a character of %s that ends in an ASCII byte as one', async (charset, lead, tail) => {
    const body = Buffer.concat([
      Buffer.from("CREATE DEFINER=`r`@`h` PROCEDURE `p`() SELECT '"),
      Buffer.from([lead, tail]),
      Buffer.from("' ;;\nDELIMITER ;\nCOMMIT;\n"),
    ]);
    const text = Buffer.concat([Buffer.from(`SET character_set_client = ${charset};\nDELIMITER ;;\n`), body]);
    expect(await readText(text)).toEqual(['session', 'procedure p', 'commit']);
  });
});
