/** Makes the data folder that every new server starts from. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../layers/run-program.ts';
import { type EngineHome, firstOptions } from './engine-home.ts';

/** Small files are quick to copy; a server that needs a larger redo log resizes it when it starts. */
const SMALL_FILES = {
  mariadb: ['--innodb-log-file-size=8M'],
  mysql: ['--innodb-redo-log-capacity=8M', '--skip-log-bin'],
};

/** What a server has to make for itself: its identity and its keys. */
const OWN_FILES = /^(auto\.cnf|.*\.pem|undo_temp.*|ib_buffer_pool)$/;

/** Fills `engine.templateFolder`; root has no password there and is reachable over the socket only. */
export async function makeSystemTables(engine: EngineHome): Promise<void> {
  const folder = engine.templateFolder;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const options = [...firstOptions(engine), `--datadir=${folder}`, ...SMALL_FILES[engine.maker]];
  const [command, ...first] = engine.server;
  if (engine.maker === 'mysql') {
    await runProgram({ command, arguments: [...first, ...options, '--initialize-insecure'] });
  } else {
    await mkdir(join(folder, 'mysql'));
    const bootstrap = [...first, ...options, '--bootstrap', '--enforce-storage-engine='];
    await runProgram({ command, arguments: bootstrap, input: await bootstrapStatements(engine) });
  }
  for (const name of await readdir(folder)) {
    if (OWN_FILES.test(name)) await rm(join(folder, name));
  }
}

// What the script mariadb-install-db does, without the programs and the 1.8 s that it needs.
// In bootstrap mode the server wants each statement to end at the end of a line.
async function bootstrapStatements(engine: EngineHome): Promise<string> {
  const share =
    engine.ownFiles.find((option) => option.startsWith('--lc-messages-dir='))?.split('=')[1] ?? '';
  const names = await readdir(share);
  const files = ['system_tables.sql', 'performance_tables.sql', 'system_tables_data.sql'].map(
    (end) => names.find((name) => /^(mariadb|mysql)_/.test(name) && name.endsWith(`_${end}`)) ?? end,
  );
  const texts = await Promise.all(
    [...files, 'maria_add_gis_sp_bootstrap.sql'].map((name) => readFile(join(share, name), 'utf8')),
  );
  return [
    'create database if not exists mysql;',
    'use mysql;',
    'set @auth_root_socket=null;',
    'set @skip_auth_anonymous=1;',
    ...texts,
    // The scripts make accounts without password for 127.0.0.1 and ::1 too.
    "delete from global_priv where User = 'root' and Host <> 'localhost';",
  ].join('\n');
}
