import { readText } from './read-text.ts';

const TABLE = 'CREATE TABLE `t` (`a` int) ENGINE=InnoDB;\n';
const program = (text: string) => `DELIMITER ;;\n${text} ;;\nDELIMITER ;\n`;

/** Each would write outside schema `shop`, or could, on some server or with some client. */
const HOSTILE: readonly [string, string | Buffer][] = [
  ['USE', 'USE `victim`;'],
  ['use within a version comment', '/*!40000 USE `victim` */;'],
  ['CREATE DATABASE', 'CREATE DATABASE `victim`;'],
  ['CREATE DATABASE split by version comments', 'CREATE DATABASE /*!32312 IF NOT EXISTS*/ `victim`;'],
  ['DROP DATABASE', 'DROP DATABASE `shop`;'],
  ['a database dropped between version comments', '/*!50000 DROP */ /*!50000 DATABASE */ `victim`;'],
  ['ALTER DATABASE of another', 'ALTER DATABASE `victim` CHARACTER SET latin1 COLLATE latin1_bin;'],
  ['a table of another schema', 'CREATE TABLE `victim`.`t` (`a` int);'],
  ['a table of another schema, with blanks', 'CREATE TABLE `victim` /* x */ . `t` (`a` int);'],
  [
    'a table whose schema hangs on the version',
    'CREATE TABLE /*!99999 `t` (a int) -- */ `victim`.`t` (`a` int);',
  ],
  ['a schema in a comment of some servers', 'CREATE TABLE /*!80000 `victim`.*/ `t` (`a` int);'],
  ['a schema in a comment of MariaDB', 'CREATE TABLE /*M!100100 `victim`.*/ `t` (`a` int);'],
  ['a statement that only some servers see', '/*!99999 CREATE TABLE `t` (a int) */;'],
  [
    'a string that hides the end of a comment',
    "CREATE TABLE `t` (a int) /*!99999 COMMENT '*/ ; DROP DATABASE victim; /*' */;",
  ],
  ['a table filled by a query', 'CREATE TABLE `t` (`a` int) SELECT victim.f() AS a;'],
  ['a table filled by VALUES', 'CREATE TABLE `t` (`a` int) AS VALUES (victim.f());'],
  ['a table filled by rows', 'CREATE TABLE `t` (`a` int) VALUES ROW(victim.f());'],
  ['a client command in a table', 'CREATE TABLE `t` (`a` int) delimiter x'],
  ['a shell escape', '\\! rm -rf /\n;'],
  ['source', 'source /etc/passwd;'],
  ['a drop without IF EXISTS', 'DROP TABLE `t`;'],
  ['a drop of two', 'DROP TABLE IF EXISTS `t`, `victim`.`t`;'],
  ['a drop elsewhere', 'DROP TABLE IF EXISTS `victim`.`t`;'],
  ['a drop of an account', 'DROP USER IF EXISTS `root`;'],
  ['GRANT', "GRANT ALL ON *.* TO 'evil'@'%';"],
  ['an account', "CREATE USER 'evil'@'%';"],
  ['DELETE', 'DELETE FROM `t`;'],
  ['UPDATE', 'UPDATE `victim`.`t` SET a=1;'],
  ['RENAME', 'RENAME TABLE `t` TO `victim`.`t`;'],
  ['another ALTER TABLE', 'ALTER TABLE `t` RENAME TO `victim`.`t`;'],
  ['CALL', 'CALL victim.p();'],
  ['PREPARE', "PREPARE s FROM 'DROP DATABASE victim';"],
  ['EXECUTE IMMEDIATE', "EXECUTE IMMEDIATE 'DROP DATABASE victim';"],
  ['LOAD DATA', "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t;"],
  ['a query that writes', "SELECT 1 INTO OUTFILE '/tmp/x';"],
  ['a query with a function', 'SELECT victim.f();'],
  ['SETVAL of another schema', 'SELECT SETVAL(`victim`.`s`, 1, 0);'],
  ['SETVAL with a function', 'DO SETVAL(`s`, f(), 0);'],
  ['SET GLOBAL', 'SET GLOBAL event_scheduler=ON;'],
  ['SET @@GLOBAL', "SET @@GLOBAL.GTID_PURGED='';"],
  ['SET PERSIST', 'SET PERSIST max_connections=1;'],
  ['SQL_LOG_BIN', 'SET @@SESSION.SQL_LOG_BIN=0;'],
  ['an unknown setting', 'SET default_storage_engine=FEDERATED;'],
  ['a setting from a query', 'SET sql_mode=(SELECT victim.f());'],
  ['a setting with a quote in it', `SET time_zone='x'', sql_log_bin=0, @a=''';`],
  ['a variable that was never kept', 'SET sql_mode=@evil;'],
  ['a variable that keeps a value', "SET @OLD_SQL_MODE='ANSI_QUOTES';"],
  ['locks elsewhere', 'LOCK TABLES `victim`.`t` WRITE;'],
  ['a histogram elsewhere', 'ANALYZE TABLE `victim`.`t` UPDATE HISTOGRAM ON `a` WITH 10 BUCKETS;'],
  ['rows before their table', 'INSERT INTO `t` VALUES (1);'],
  ['rows of another table', `${TABLE}INSERT INTO \`u\` VALUES (1);`],
  ['rows of another schema', `${TABLE}INSERT INTO \`victim\`.\`t\` VALUES (1);`],
  ['rows from a query', `${TABLE}INSERT INTO \`t\` SELECT * FROM u;`],
  ['rows with a function', `${TABLE}INSERT INTO \`t\` VALUES (victim.f());`],
  ['rows with a function in a name that looks like a number', `${TABLE}INSERT INTO \`t\` VALUES (1f(2));`],
  ['rows with a subquery', `${TABLE}INSERT INTO \`t\` VALUES ((SELECT 1));`],
  ['rows with a quoted name', `${TABLE}INSERT INTO \`t\` VALUES (\`f\`(1));`],
  ['rows with a comment', `${TABLE}INSERT INTO \`t\` VALUES (1)/*!50000,(2)*/;`],
  ['rows with a line comment', `${TABLE}INSERT INTO \`t\` VALUES (1)-- \n;`],
  ['rows with a duplicate clause', `${TABLE}INSERT INTO \`t\` VALUES (1) ON DUPLICATE KEY UPDATE a=f();`],
  [
    'rows after a trigger',
    `${TABLE}${program('CREATE TRIGGER x BEFORE INSERT ON `t` FOR EACH ROW DELETE FROM victim.t')}INSERT INTO \`t\` VALUES (1);`,
  ],
  [
    'rows into a view',
    `${TABLE}/*!50001 CREATE VIEW \`t\` AS SELECT 1 AS \`a\` */;INSERT INTO \`t\` VALUES (1);`,
  ],
  [
    'rows of a merge table',
    'CREATE TABLE `t` (`a` int) ENGINE=MRG_MyISAM UNION=(`victim`.`t`);INSERT INTO `t` VALUES (1);',
  ],
  [
    'rows of a federated table',
    "CREATE TABLE `t` (`a` int) ENGINE=FEDERATED CONNECTION='x';INSERT INTO `t` VALUES (1);",
  ],
  [
    'rows of an engine in a comment',
    'CREATE TABLE `t` (`a` int) ENGINE=InnoDB /*!50100 ENGINE=FEDERATED */;INSERT INTO `t` VALUES (1);',
  ],
  [
    'rows that draw from a sequence elsewhere',
    'CREATE TABLE `t` (`a` int, `b` int DEFAULT nextval(`victim`.`s`)) ENGINE=InnoDB;INSERT INTO `t` (`a`) VALUES (1);',
  ],
  ['a replacing INSERT', `${TABLE}REPLACE INTO \`t\` VALUES (1);`],
  [
    'a trigger on another schema',
    program('CREATE TRIGGER x BEFORE INSERT ON `victim`.`t` FOR EACH ROW SET @a=1'),
  ],
  [
    'a trigger in another schema',
    program('CREATE TRIGGER `victim`.x BEFORE INSERT ON `t` FOR EACH ROW SET @a=1'),
  ],
  ['a procedure in another schema', program('CREATE DEFINER=`r`@`h` PROCEDURE `victim`.`p`() SELECT 1')],
  [
    'a procedure whose schema hangs on the version',
    program('CREATE PROCEDURE /*!80000 `victim`.*/ `p`() SELECT 1'),
  ],
  [
    'a program of another kind on some servers',
    program('CREATE /*!80000 PROCEDURE `p`() SELECT 1 -- */ EVENT `e` DO SELECT 1'),
  ],
  [
    'a view in another schema',
    '/*!50001 CREATE ALGORITHM=UNDEFINED */ /*!50001 VIEW `victim`.`v` AS select 1 */;',
  ],
  ['a stand-in that is none', '/*!50001 CREATE VIEW `v` AS SELECT victim.f() AS `a` */;'],
  [
    'a loadable function',
    program("CREATE FUNCTION f RETURNS STRING SONAME 'x.so'").replace('FUNCTION f', 'FUNCTION victim.f'),
  ],
  ['a server definition', "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h');"],
  ['a delimiter of letters', 'DELIMITER x\nCOMMIT x\n'],
  ['a delimiter that is not on the line alone', 'DELIMITER ; DROP DATABASE victim\n'],
  ['two dashes without a blank', '--x\nCOMMIT;'],
  ['two dashes with a control character', '--\u0001\nCOMMIT;'],
  [
    'a foreign key as MariaDB 11.8.6 prints it',
    'CREATE TABLE `t` (`x``y` int, CONSTRAINT `c` FOREIGN KEY (`x`y`) REFERENCES `p` (`id`)) ENGINE=InnoDB;',
  ],
  ['an open comment', 'COMMIT; /* '],
  ['an open version comment', '/*!50000 COMMIT;'],
  ['an odd version', '/*!123 COMMIT */;'],
  ['an open string', "CREATE TABLE `t` (`a` int DEFAULT 'x"],
  ['a statement without its end', 'COMMIT'],
  ['rows without their end', `${TABLE}INSERT INTO \`t\` VALUES (1)`],
  [
    'a table in a session that reads quotes otherwise',
    "SET sql_mode='ANSI_QUOTES';SET @x=@@sql_mode;SET GLOBAL x=1;",
  ],
];

describe('readStatements', () => {
  it.each(HOSTILE)('refuses %s', async (_, text) => {
    for (const chunkBytes of [64 * 1024, 1]) {
      await expect(readText(text, chunkBytes)).rejects.toMatchObject({ code: 'dump_escapes_target' });
    }
  });

  it('quotes the statement that it refuses, on one line', async () => {
    await expect(readText('GRANT\nALL ON *.* TO `x`;')).rejects.toThrow(
      'the dump was refused: no dump tool writes such a statement: GRANT ALL ON *.* TO `x`',
    );
  });

  it('refuses a statement that is longer than any tool writes', async () => {
    const text = `CREATE TABLE \`t\` (\`a\` int COMMENT '${'x'.repeat(17 * 1024 * 1024)}');`;
    await expect(readText(text)).rejects.toMatchObject({ code: 'dump_escapes_target' });
  });
});
