/** A dump of schema `shop` as the tools print it, with what makes splitting hard; the sandbox line is stripped. */
export const SAMPLE_DUMP = String.raw`-- MariaDB dump 10.19-11.8.6-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: 127.0.0.1    Database: shop -- it's; a 'comment
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */;
DROP TABLE IF EXISTS ${'`a;b`'};
CREATE TABLE ${'`a;b`'} (
  ${"`id` int NOT NULL, `x``y` varchar(9) DEFAULT 'it''s; \\' --' /*!80023 INVISIBLE */"}
) ENGINE=InnoDB /*!50100 PARTITION BY HASH (${'`id`'}) */;
SET @OLD_AUTOCOMMIT=@@AUTOCOMMIT, @@AUTOCOMMIT=0;
INSERT INTO ${'`a;b`'} VALUES
(1,'plain'),(-2.5e+10,'it''s; \'quoted\' \\'),
(3,NULL),(4,0x00FF),(5,_binary 'x;y'),(6,'/* no comment'),(7,'-- neither'),(8,'');
INSERT INTO ${'`a;b`'} (${'`id`'}) VALUES (9);
/*!40000 ALTER TABLE ${'`a;b`'} ENABLE KEYS */;
COMMIT;
SET AUTOCOMMIT=@OLD_AUTOCOMMIT;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER="root"@"localhost"*/ /*!50003 TRIGGER "t""1" BEFORE INSERT ON "a;b" FOR EACH ROW
BEGIN
  -- it's a comment; with a quote
  SET @x = 'C:\'; # another ' one
  SET @y = ';;' /* and ; this */;
END */;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
CREATE SEQUENCE ${'`seq`'} start with 1 minvalue 1;
DO SETVAL(${'`seq`'}, 100, 0);
/*!50001 CREATE VIEW ${'`v`'} AS SELECT
 1 AS ${'`id`'} */;
/*!50001 DROP VIEW IF EXISTS ${'`v`'}*/;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=${'`root`@`localhost`'} SQL SECURITY DEFINER */
/*!50001 VIEW ${'`v`'} AS select 'a;b' AS ${'`id`'} */;
/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
-- Dump completed on 2026-11-22 22:31:58
`;

/** What the sample does, in order. */
export const SAMPLE_STATEMENTS = [
  ...Array<string>(6).fill('session'),
  'drop a;b',
  'table a;b',
  'session',
  SAMPLE_DUMP.slice(SAMPLE_DUMP.indexOf('INSERT INTO'), SAMPLE_DUMP.indexOf("(8,'');") + "(8,'');".length),
  'INSERT INTO `a;b` (`id`) VALUES (9);',
  'keys a;b',
  'commit',
  'session',
  'session',
  'session',
  'trigger t"1',
  'session',
  'sequence seq',
  'sequence value seq',
  'stand-in v',
  'drop v',
  'view v',
  'session',
];
