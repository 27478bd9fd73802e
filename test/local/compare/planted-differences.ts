/** Changes of the small schema that the comparer must find. */
import type { Product } from './twin-schema.ts';

/** One change, and where it must be reported. */
export interface Planted {
  readonly name: string;
  readonly only?: Product;
  readonly change: readonly string[];
  /** `object what`, or the beginning of it. */
  readonly found: string;
}

const change = (name: string, found: string, ...sql: readonly string[]): Planted => ({
  name,
  found,
  change: sql,
});
const only = (product: Product, planted: Planted): Planted => ({ ...planted, only: product });

export const PLANTED: readonly Planted[] = [
  // Values.
  change('one bit of a FLOAT', 'twin.goods rows', 'UPDATE goods SET weight = 0.10000001 WHERE id = 1'),
  change(
    'a FLOAT beyond its six printed digits',
    'twin.goods rows',
    'UPDATE goods SET weight = 16777214 WHERE id = 2',
  ),
  change(
    'the last digit of a DOUBLE',
    'twin.goods rows',
    'UPDATE goods SET ratio = 0.10000000000000002 WHERE id = 1',
  ),
  change(
    'the sign of a zero',
    'twin.goods rows',
    'UPDATE goods SET ratio = 0e0 WHERE id = 2',
    'UPDATE goods SET ratio = -1 * ratio WHERE id = 2',
  ),
  change('a cent', 'twin.goods rows', 'UPDATE goods SET price = 1.11 WHERE id = 1'),
  change('one bit of a BIT', 'twin.goods rows', "UPDATE goods SET flags = b'100000101' WHERE id = 1"),
  change(
    'a microsecond',
    'twin.goods rows',
    "UPDATE goods SET seen = '2024-01-01 00:00:00.000002' WHERE id = 1",
  ),
  change(
    'an hour of a TIMESTAMP',
    'twin.goods rows',
    "UPDATE goods SET made = '2024-06-01 13:00:00.5' WHERE id = 1",
  ),
  change('a zero date', 'twin.goods rows', 'UPDATE goods SET day = NULL WHERE id = 2'),
  change('the sign of a TIME', 'twin.goods rows', "UPDATE goods SET spell = '01:02:03.004' WHERE id = 1"),
  change('one byte of a blob', 'twin.goods rows', "UPDATE goods SET photo = x'01FF5C27' WHERE id = 1"),
  change('an empty blob against NULL', 'twin.goods rows', 'UPDATE goods SET photo = NULL WHERE id = 2'),
  change('one byte of latin1 text', 'twin.goods rows', "UPDATE goods SET old = _latin1 x'E8' WHERE id = 1"),
  change('the case of a letter', 'twin.goods rows', "UPDATE goods SET name = 'Tea' WHERE id = 1"),
  change('a trailing space', 'twin.goods rows', "UPDATE goods SET name = 'tea ' WHERE id = 1"),
  change(
    'the error value of an ENUM against its empty member',
    'twin.goods rows',
    'UPDATE IGNORE goods SET size = 0 WHERE id = 2',
  ),
  change('a member of a SET', 'twin.goods rows', "UPDATE goods SET tags = 'x' WHERE id = 1"),
  change(
    'the SRID of a point',
    'twin.goods rows',
    "UPDATE goods SET place = ST_GeomFromText('POINT(1 2)', 3857) WHERE id = 1",
  ),
  change('JSON null against SQL NULL', 'twin.goods rows', 'UPDATE goods SET doc = NULL WHERE id = 2'),
  only(
    'mysql',
    change(
      'the type of a value inside JSON',
      'twin.goods rows',
      // The server skips an update to a value that compares as equal.
      'UPDATE goods SET doc = NULL WHERE id = 1',
      "UPDATE goods SET doc = JSON_OBJECT('a', JSON_ARRAY(1, CAST(2.5 AS DECIMAL(3,1)))) WHERE id = 1",
    ),
  ),
  change('a duplicate row fewer', 'twin.keyless rows', "DELETE FROM keyless WHERE word = 'twice' LIMIT 1"),
  change(
    'another duplicate for a row',
    'twin.keyless rows',
    "DELETE FROM keyless WHERE word = 'twice' LIMIT 1",
    "INSERT INTO keyless VALUES ('once')",
  ),
  only('mariadb', change('a row of history', 'twin.history rows', 'DELETE HISTORY FROM history')),
  only(
    'mariadb',
    change(
      'the times of a row of history',
      'twin.history rows',
      'SET system_versioning_insert_history = 1',
      "INSERT INTO history (id, v, row_start, row_end) VALUES (2, 2, '2021-01-01', '2021-01-02')",
    ),
  ),
  // Definitions.
  change(
    "a column's character set",
    'twin.goods column old character_set_name',
    'ALTER TABLE goods MODIFY old VARCHAR(20) CHARACTER SET cp850',
  ),
  change(
    "a column's collation",
    'twin.goods column name collation_name',
    "ALTER TABLE goods MODIFY name VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT 'none'",
  ),
  change(
    "the schema's collation",
    'twin schema default_collation_name',
    'ALTER DATABASE twin COLLATE utf8mb4_bin',
  ),
  change(
    'a member beyond the basic characters that no row has',
    'twin.goods hidden part of column size true members',
    "ALTER TABLE goods MODIFY size ENUM('','S','🚀') NOT NULL",
  ),
  change(
    "a column's default",
    'twin.goods column name column_default',
    "ALTER TABLE goods ALTER name SET DEFAULT 'None'",
  ),
  change(
    'the next AUTO_INCREMENT value',
    'twin.goods table auto_increment',
    'ALTER TABLE goods AUTO_INCREMENT = 500',
  ),
  change("a table's comment", 'twin.goods table table_comment', "ALTER TABLE goods COMMENT = 'What we sell'"),
  change('the engine of a table', 'twin.keyless table engine', 'ALTER TABLE keyless ENGINE = MyISAM'),
  change(
    'the length of an index',
    'twin.goods index by_name.1 sub_part',
    'ALTER TABLE goods DROP KEY by_name, ADD KEY by_name (name(11))',
  ),
  change('an index that is missing', 'twin.goods index by_name.1', 'ALTER TABLE goods DROP KEY by_name'),
  change(
    'what a foreign key does',
    'twin.orders foreign key of_goods delete_rule',
    'ALTER TABLE orders DROP FOREIGN KEY of_goods',
    'ALTER TABLE orders ADD CONSTRAINT of_goods FOREIGN KEY (goods_id) REFERENCES goods (id) ON DELETE SET NULL',
  ),
  change(
    'the bound of a partition',
    'twin.parted partition',
    'ALTER TABLE parted REORGANIZE PARTITION low, high INTO (PARTITION low VALUES LESS THAN (11), PARTITION high VALUES LESS THAN (20))',
  ),
  only(
    'mariadb',
    change(
      'the condition of a check',
      'twin',
      'ALTER TABLE goods DROP CONSTRAINT CONSTRAINT_1, ADD CONSTRAINT CONSTRAINT_1 CHECK (price > 0)',
    ),
  ),
  only(
    'mysql',
    change(
      'a check that is not enforced',
      'twin.goods constraint CHECK.goods_chk_1 enforced',
      'ALTER TABLE goods ALTER CHECK goods_chk_1 NOT ENFORCED',
    ),
  ),
  change(
    'the expression of a generated column',
    'twin.goods column twice generation_expression',
    'ALTER TABLE goods MODIFY twice DECIMAL(12,2) AS (price + price) STORED',
  ),
  change(
    'an invisible column',
    'twin.goods column tags extra',
    "ALTER TABLE goods MODIFY tags SET('x','y') INVISIBLE",
  ),
  change('a table that is missing', 'twin.orders table', 'DROP TABLE orders'),
  change('a table that is new', 'twin.extra table', 'CREATE TABLE extra (id INT)'),
  change(
    'the order of columns',
    'twin.orders column id ordinal_position',
    'ALTER TABLE orders MODIFY id INT NOT NULL AFTER goods_id',
  ),
  only(
    'mariadb',
    change(
      'the next value of a sequence',
      'twin.numbers sequence state next_not_cached_value',
      'DO SETVAL(numbers, 1000)',
    ),
  ),
  // Stored code.
  change(
    'the definer of a view',
    'twin.cheap view definer',
    'CREATE OR REPLACE DEFINER=`bob`@`here` SQL SECURITY INVOKER VIEW cheap AS SELECT id, name FROM goods WHERE price < 2',
  ),
  change(
    'the security of a view',
    'twin.cheap view security_type',
    'CREATE OR REPLACE DEFINER=`ann`@`here` SQL SECURITY DEFINER VIEW cheap AS SELECT id, name FROM goods WHERE price < 2',
  ),
  change(
    'the order of triggers',
    'twin.first_one trigger action_order',
    'DROP TRIGGER first_one',
    'CREATE TRIGGER first_one BEFORE INSERT ON orders FOR EACH ROW SET NEW.id = NEW.id + 0',
  ),
  change(
    'the sql_mode of a trigger',
    'twin.second_one trigger sql_mode',
    "SET sql_mode = 'ANSI_QUOTES'",
    'DROP TRIGGER second_one',
    'CREATE TRIGGER second_one BEFORE INSERT ON orders FOR EACH ROW SET NEW.id = NEW.id + 1',
  ),
  change(
    'the client character set of a procedure',
    'twin.greet routine PROCEDURE character_set_client',
    'DROP PROCEDURE greet',
    'SET NAMES latin1',
    "CREATE PROCEDURE greet(IN who VARCHAR(10)) COMMENT 'polite' SELECT 'hello', who",
  ),
  change(
    'an emoji in the body of a procedure',
    'twin.greet show create procedure create procedure',
    'DROP PROCEDURE greet',
    "CREATE PROCEDURE greet(IN who VARCHAR(10)) COMMENT 'polite' SELECT 'hello 🚀', who",
  ),
  change(
    'a space in the body of a function',
    'twin.one show create function create function',
    'DROP FUNCTION one',
    'CREATE FUNCTION one() RETURNS INT DETERMINISTIC NO SQL RETURN  1',
  ),
  change(
    'a parameter',
    'twin.greet parameter PROCEDURE.1 dtd_identifier',
    'DROP PROCEDURE greet',
    "CREATE PROCEDURE greet(IN who VARCHAR(11)) COMMENT 'polite' SELECT 'hello 😀', who",
  ),
  change(
    'the security of a function',
    'twin.one routine FUNCTION security_type',
    'ALTER FUNCTION one SQL SECURITY INVOKER',
  ),
  change(
    "an event's zone",
    'twin.nightly event time_zone',
    "SET time_zone = '+02:00'",
    "ALTER EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2035-01-01 02:00:00' ON COMPLETION PRESERVE DISABLE",
  ),
  change("an event's status", 'twin.nightly event status', 'ALTER EVENT nightly ENABLE'),
  change(
    "an event's start",
    'twin.nightly event starts',
    "ALTER EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2035-01-01 00:00:01' ON COMPLETION PRESERVE DISABLE",
  ),
];
