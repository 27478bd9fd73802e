import { createHash } from 'node:crypto';
import { dumpSchema } from '../../../../functions/engine/sql/dump-schema.ts';
import type { DumpInput } from '../../../../functions/engine/sql/format-sql.ts';
import { fakeLayer } from '../fake-layer.ts';
import { textOf } from './stored-dump.ts';

const END = 'echo "-- Dump completed on 2026-11-22 22:31:58"';

async function dump(
  script: string,
  {
    signal = new AbortController().signal,
    isReadable = false,
  }: Partial<Pick<DumpInput, 'signal' | 'isReadable'>> = {},
) {
  await using layer = await fakeLayer(script);
  const schemaDump = dumpSchema({
    clientRoot: layer.root,
    endpoint: {
      host: 'localhost',
      addresses: ['127.0.0.1'],
      port: 3306,
      username: 'backup',
      password: 'p',
      tls: { mode: 'off' },
    },
    product: 'mariadb',
    schema: 'shop',
    ignoredViews: [],
    history: false,
    events: true,
    columnStatistics: false,
    isReadable,
    zstdLevel: 3,
    partBytes: 1024,
    signal,
    onProgress: () => {},
  });
  const bodies: Buffer[] = [];
  let failure: unknown;
  try {
    for await (const part of schemaDump.parts) bodies.push(part.body);
  } catch (error) {
    failure = error;
  }
  return { schemaDump, bodies, failure };
}

describe('dumpSchema', () => {
  it('gives parts that together are what the tool printed, less the sandbox line', async () => {
    const script = `echo '/*M!999999\\- enable the sandbox mode */ '; head -c 100000 /dev/urandom | od -A n -x; ${END}`;
    const { schemaDump, bodies, failure } = await dump(script);
    expect(failure).toBeUndefined();
    const whole = Buffer.concat(bodies);
    const text = await textOf(whole);
    expect(text.toString()).toMatch(/^ [0-9a-f]{4} [\s\S]*\n-- Dump completed on [^\n]*\n$/);
    expect(schemaDump.summary()).toMatchObject({
      sizeBytes: whole.length,
      sha256: createHash('sha256').update(whole).digest('hex'),
      dumpBytes: text.length,
    });
    expect(bodies.length).toBeGreaterThan(50);
  });

  const MUCH = 'head -c 300000 /dev/urandom | od -A n -x';
  it.each([
    ['without an end line', MUCH, 'dump_truncated'],
    ['with words on stderr and code 0', `${MUCH}; ${END}; echo "Error: masking policies" >&2`, 'dump_failed'],
    ['with another code than 0', `${MUCH}; ${END}; exit 3`, 'dump_failed'],
    ['by a signal, after its end line', `${MUCH}; ${END}; kill -9 $$`, 'dump_killed'],
    ['by a signal in the middle', `${MUCH}; kill -9 $$`, 'dump_killed'],
    ['without a word', 'true', 'dump_truncated'],
  ])('never gives a whole object when the tool ends %s', async (_, script, code) => {
    const { schemaDump, bodies, failure } = await dump(script);
    expect(failure).toMatchObject({ code });
    expect(() => schemaDump.summary()).toThrow('the dump has not ended');
    const text = await textOf(Buffer.concat(bodies)).catch(() => Buffer.alloc(0));
    expect(text.toString()).not.toContain('Dump completed');
  });

  it('counts what the statements make, and the rows', async () => {
    const script = `printf '%s\\n' 'CREATE TABLE \`t\` (\`a\` int) ENGINE=InnoDB;' 'INSERT INTO \`t\` VALUES (1),(2);' 'INSERT INTO \`t\` VALUES (3);'; ${END}`;
    const { schemaDump, failure } = await dump(script, { isReadable: true });
    expect(failure).toBeUndefined();
    expect(schemaDump.summary().found).toMatchObject({
      created: { tables: 1, views: 0 },
      tables: [{ name: 't', rows: 3 }],
    });
  });

  it.each([
    ['holds a statement that every restore would refuse', "echo 'GRANT ALL ON *.* TO x;'"],
    ['ends within a statement', "echo 'CREATE TABLE t (a int'"],
  ])('refuses a dump that %s', async (_, line) => {
    const { failure } = await dump(`${line}; ${END}`, { isReadable: true });
    expect(failure).toMatchObject({ code: 'proof_failed' });
    expect((await dump(`${line}; ${END}`)).failure).toBeUndefined();
  });

  const unreadLibraries = (version: string): string =>
    `-- WARNING: can't read the INFORMATION_SCHEMA.libraries table. It's most probably an old server ${version}.`;
  const TABLE = 'CREATE TABLE `t` (`a` text) ENGINE=InnoDB;';
  const printed = (text: string): string => `cat <<'SQL'\n${TABLE}\n${text}\nSQL\n${END}`;

  it.each([
    ['8.4.6', undefined],
    ['9.1.0', undefined],
    ['9.2.0', 'dump_incomplete'],
    ['9.7.1-1', 'dump_incomplete'],
    ['10.0.0', 'dump_incomplete'],
  ])('takes mysqldump at its word that %s has no libraries only where that can be', async (version, code) => {
    const script = printed(`--\n${unreadLibraries(version)}\n--`);
    const { failure } = await dump(script, { isReadable: true });
    expect(failure).toEqual(code && expect.objectContaining({ code }));
  });

  it('takes nothing in a program for words of the tool', async () => {
    const body = `CREATE PROCEDURE \`p\`()\n${unreadLibraries('9.7.1')}\nSELECT 1 ;;`;
    const { failure } = await dump(printed(`DELIMITER ;;\n${body}\nDELIMITER ;`), { isReadable: true });
    expect(failure).toBeUndefined();
  });

  it('ends a tool that hangs when the deadline comes', async () => {
    const { failure } = await dump(`${MUCH}; exec sleep 60`, { signal: AbortSignal.timeout(300) });
    expect(failure).toMatchObject({ code: 'deadline_exceeded' });
  });

  it('ends the tool when nobody wants more parts', async () => {
    await using layer = await fakeLayer('while true; do echo $$; done');
    const { parts } = dumpSchema({
      clientRoot: layer.root,
      endpoint: {
        host: 'localhost',
        addresses: ['127.0.0.1'],
        port: 3306,
        username: 'backup',
        password: 'p',
        tls: { mode: 'off' },
      },
      product: 'mysql',
      schema: 'shop',
      ignoredViews: [],
      history: false,
      events: true,
      columnStatistics: false,
      isReadable: true,
      zstdLevel: 1,
      partBytes: 64,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    const first = await parts.next();
    await parts.return();
    expect(first.done).toBe(false);
    expect(await parts.next()).toEqual({ done: true, value: undefined });
  });
});
