/** The forms in which a backup is stored: the SQL that a dump tool printed, or definitions as SQL and rows as files. */
export type BackupFormat = 'sql' | 'parallel';
