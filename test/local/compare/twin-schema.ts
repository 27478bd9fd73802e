/** A small schema with something of everything. */

export type Product = 'mariadb' | 'mysql';

const COMMON = [
  'DROP DATABASE IF EXISTS twin',
  'CREATE DATABASE twin DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
  'USE twin',
  `CREATE TABLE goods (
     id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) NOT NULL DEFAULT 'none', weight FLOAT, ratio DOUBLE,
     price DECIMAL(10,2), flags BIT(9), seen DATETIME(6), made TIMESTAMP(6) NULL, day DATE, spell TIME(3), photo BLOB, old VARCHAR(20) CHARACTER SET latin1,
     size ENUM('','S','😀') NOT NULL, tags SET('x','y'), place POINT, doc JSON, twice DECIMAL(12,2) AS (price * 2) STORED,
     KEY by_name (name(10)), CHECK (price >= 0)) ENGINE=InnoDB COMMENT='what we sell'`,
  `CREATE TABLE orders (id INT NOT NULL PRIMARY KEY, goods_id INT, CONSTRAINT of_goods FOREIGN KEY (goods_id) REFERENCES goods (id)
     ON DELETE CASCADE) ENGINE=InnoDB`,
  'CREATE TABLE keyless (word VARCHAR(10)) ENGINE=InnoDB',
  `CREATE TABLE parted (id INT NOT NULL PRIMARY KEY) ENGINE=InnoDB
     PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (10), PARTITION high VALUES LESS THAN (20))`,
  `INSERT INTO goods (id, name, weight, ratio, price, flags, seen, made, day, spell, photo, old, size, tags, place, doc) VALUES
     (1, 'tea', 0.1, 0.1, 1.10, b'101', '2024-01-01 00:00:00.000001', '2024-06-01 12:00:00.5', '2024-02-29', '-01:02:03.004',
        x'00FF5C27', _latin1 x'E9', 'S', 'x,y', ST_GeomFromText('POINT(1 2)'), '{"a": [1, 2.5]}'),
     (2, 'jam', 16777216, 1e0, 2, b'0', NULL, NULL, '0000-00-00', '838:59:59', '', '', '', '', NULL, 'null')`,
  'INSERT INTO orders VALUES (1, 1), (2, 2)',
  "INSERT INTO keyless VALUES ('twice'), ('twice'), ('once')",
  'CREATE DEFINER=`ann`@`here` SQL SECURITY INVOKER VIEW cheap AS SELECT id, name FROM goods WHERE price < 2',
  'CREATE TRIGGER first_one BEFORE INSERT ON orders FOR EACH ROW SET NEW.id = NEW.id + 0',
  'CREATE TRIGGER second_one BEFORE INSERT ON orders FOR EACH ROW SET NEW.id = NEW.id + 1',
  "CREATE PROCEDURE greet(IN who VARCHAR(10)) COMMENT 'polite' SELECT 'hello 😀', who",
  'CREATE FUNCTION one() RETURNS INT DETERMINISTIC NO SQL RETURN 1',
  `CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2035-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'tidy' DO SELECT 1`,
];

const OF_MARIADB = [
  'CREATE SEQUENCE numbers START WITH 100 INCREMENT BY 10 CACHE 5',
  'CREATE TABLE history (id INT NOT NULL PRIMARY KEY, v INT) WITH SYSTEM VERSIONING',
  "SET @@timestamp = UNIX_TIMESTAMP('2021-01-01')",
  'INSERT INTO history VALUES (1, 1)',
  "SET @@timestamp = UNIX_TIMESTAMP('2022-01-01')",
  'UPDATE history SET v = 2',
  'SET @@timestamp = DEFAULT',
];

/** Makes the schema anew; the session must speak utf8mb4. */
export const schemaFor = (product: Product): readonly string[] => [
  "SET sql_mode = '', time_zone = '+00:00'",
  'SET NAMES utf8mb4',
  ...COMMON,
  ...(product === 'mariadb' ? OF_MARIADB : []),
];
