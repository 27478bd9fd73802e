import { readStatements } from '../../../../../functions/engine/sql/statements/read-statements.ts';

/** Reads text as a dump of schema `shop`, in chunks, and gives what each statement does; rows as their bytes. */
export async function readText(text: string | Buffer, chunkBytes = 64 * 1024): Promise<string[]> {
  const bytes = Buffer.from(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const read: string[] = [];
  let rows = '';
  for await (const item of readStatements(chunks(), 'shop')) {
    if (item.type === 'statement') {
      const name = 'name' in item.does ? ` ${item.does.name}` : '';
      read.push(`${item.does.kind}${name}`);
    } else if (item.type === 'rows-head') rows = item.text.toString('latin1');
    else if (item.type === 'rows') {
      rows += item.bytes.toString('latin1');
      if (item.isLast) read.push(rows);
    }
  }
  return read;
}
