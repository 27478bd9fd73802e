import { inSchema } from '../catalogue/object-counts.ts';
import { type Query, quoteName, type SqlRow } from '../connection.ts';

/**
 * The events of a schema as text that the dump programs would write. They are read here, as those programs cannot end
 * where `;;` stands in one, and mariadb-dump finds none in a schema whose name holds a quote or backslash.
 * @param query of a session whose strings come as utf8mb4
 * @throws Error where an event went while it was read
 */
export async function readEvents(query: Query, schema: string): Promise<Buffer> {
  const events = await query(
    `SELECT EVENT_NAME AS name FROM information_schema.EVENTS WHERE ${inSchema('EVENT_SCHEMA')} ORDER BY EVENT_NAME`,
    [schema, schema],
  );
  const [own] = await query(
    `SELECT DEFAULT_COLLATION_NAME AS name FROM information_schema.SCHEMATA WHERE ${inSchema('SCHEMA_NAME')}`,
    [schema, schema],
  );
  const texts: Buffer[] = [];
  for (const { name } of events) {
    const event = `${quoteName(schema)}.${quoteName(name ?? '')}`;
    const [shown] = await query(`SHOW CREATE EVENT ${event}`);
    if (!shown?.['create event']) throw new Error(`the server does not show the event ${event}`);
    texts.push(await textOf(query, schema, own?.name ?? '', shown));
  }
  return Buffer.concat(texts);
}

/** Each setting that an event keeps from the moment when it was made, set around it; its text in its own characters. */
async function textOf(query: Query, schema: string, ownCollation: string, shown: SqlRow): Promise<Buffer> {
  const create = shown['create event'] ?? '';
  const charset = shown.character_set_client ?? 'utf8mb4';
  const body = await inCharset(query, create, charset);
  const collation = shown['database collation'] ?? ownCollation;
  const switched = collation !== '' && ownCollation !== '' && collation !== ownCollation;
  const inCollation = (name: string): string =>
    `ALTER DATABASE ${quoteName(schema)} CHARACTER SET ${name.split('_', 1)[0]} COLLATE ${name};\n`;
  const delimiter = delimiterFor(body);
  return Buffer.concat([
    Buffer.from(
      [
        `DROP EVENT IF EXISTS ${quoteName(shown.event ?? '')};\n`,
        switched ? inCollation(collation) : '',
        'SET @saved_cs_client = @@character_set_client;\n',
        'SET @saved_cs_results = @@character_set_results;\n',
        'SET @saved_col_connection = @@collation_connection;\n',
        `SET character_set_client = ${charset};\n`,
        `SET character_set_results = ${charset};\n`,
        `SET collation_connection = ${shown.collation_connection};\n`,
        'SET @saved_sql_mode = @@sql_mode;\n',
        `SET sql_mode = '${shown.sql_mode ?? ''}';\n`,
        'SET @saved_time_zone = @@time_zone;\n',
        `SET time_zone = '${shown.time_zone ?? ''}';\n`,
        `DELIMITER ${delimiter}\n`,
      ].join(''),
    ),
    body,
    Buffer.from(
      [
        ` ${delimiter}\nDELIMITER ;\n`,
        'SET time_zone = @saved_time_zone;\n',
        'SET sql_mode = @saved_sql_mode;\n',
        'SET character_set_client = @saved_cs_client;\n',
        'SET character_set_results = @saved_cs_results;\n',
        'SET collation_connection = @saved_col_connection;\n',
        switched ? inCollation(ownCollation) : '',
      ].join(''),
    ),
  ]);
}

/** Only the server knows all of its character sets. */
async function inCharset(query: Query, text: string, charset: string): Promise<Buffer> {
  if (/^utf8(mb[34])?$/.test(charset)) return Buffer.from(text);
  const [row] = await query(`SELECT HEX(CONVERT(? USING ${charset})) AS hex`, [text]);
  return Buffer.from(row?.hex ?? '', 'hex');
}

function delimiterFor(body: Buffer): string {
  let delimiter = ';;';
  while (body.includes(delimiter)) delimiter += ';';
  return delimiter;
}
