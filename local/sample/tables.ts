/** The tables of the sample shop. */
import type { Maker } from '../engines/packages.ts';

/** Statements that make both schemas and their tables. */
export const tablesFor = (maker: Maker): readonly string[] => [
  'CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'CREATE DATABASE warehouse DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
  'USE shop',
  ...SHOP,
  ...(maker === 'mariadb' ? INVOICES_BY_SEQUENCE : INVOICES_BY_COUNTER),
  'USE warehouse',
  ...WAREHOUSE,
];

const SHOP = [
  `CREATE TABLE customers (
     id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
     name VARCHAR(80) NOT NULL,
     email VARCHAR(120) CHARACTER SET ascii NOT NULL,
     address JSON NOT NULL,
     consents BIT(3) NOT NULL DEFAULT b'001',
     born DATE NULL,
     joined_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
     UNIQUE KEY by_email (email), KEY by_name (name(20))
   ) ENGINE=InnoDB COMMENT='people who bought at least once'`,
  `CREATE TABLE categories (
     id SMALLINT UNSIGNED NOT NULL PRIMARY KEY,
     parent_id SMALLINT UNSIGNED NULL,
     title VARCHAR(40) NOT NULL,
     CONSTRAINT category_in_category FOREIGN KEY (parent_id) REFERENCES categories (id)
   ) ENGINE=InnoDB`,
  `CREATE TABLE products (
     id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
     category_id SMALLINT UNSIGNED NOT NULL,
     title VARCHAR(80) NOT NULL,
     description TEXT NOT NULL,
     price DECIMAL(10,2) NOT NULL,
     price_with_tax DECIMAL(10,2) AS (ROUND(price * 1.19, 2)) STORED,
     weight_kg FLOAT NOT NULL,
     rating DOUBLE NULL,
     state ENUM('new','used','refurbished','½ price') NOT NULL DEFAULT 'new',
     labels SET('organic','fair','local','handmade') NOT NULL DEFAULT '',
     attributes JSON NOT NULL,
     photo MEDIUMBLOB NULL,
     pick_time TIME(1) NULL,
     KEY by_price (price), FULLTEXT KEY by_words (title, description),
     CONSTRAINT product_in_category FOREIGN KEY (category_id) REFERENCES categories (id),
     CONSTRAINT price_is_not_negative CHECK (price >= 0)
   ) ENGINE=InnoDB`,
  `CREATE TABLE orders (
     id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
     customer_id INT UNSIGNED NOT NULL,
     state ENUM('open','paid','sent','returned') NOT NULL,
     ordered_at DATETIME(6) NOT NULL,
     total DECIMAL(12,2) NOT NULL DEFAULT 0,
     note VARCHAR(200) NULL,
     KEY by_time (ordered_at),
     CONSTRAINT order_of_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
   ) ENGINE=InnoDB`,
  `CREATE TABLE order_lines (
     order_id INT UNSIGNED NOT NULL,
     line TINYINT UNSIGNED NOT NULL,
     product_id INT UNSIGNED NOT NULL,
     quantity SMALLINT UNSIGNED NOT NULL,
     price DECIMAL(10,2) NOT NULL,
     amount DECIMAL(12,2) AS (quantity * price) VIRTUAL,
     PRIMARY KEY (order_id, line),
     CONSTRAINT line_of_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
     CONSTRAINT line_of_product FOREIGN KEY (product_id) REFERENCES products (id)
   ) ENGINE=InnoDB`,
  `CREATE TABLE reviews (
     id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
     product_id INT UNSIGNED NOT NULL,
     stars TINYINT UNSIGNED NOT NULL,
     words TEXT NOT NULL,
     CONSTRAINT review_of_product FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE CASCADE,
     CONSTRAINT one_to_five_stars CHECK (stars BETWEEN 1 AND 5)
   ) ENGINE=InnoDB`,
  // No key at all, and people search for the same things.
  'CREATE TABLE searches (day DATE NOT NULL, words VARCHAR(60) NOT NULL) ENGINE=InnoDB',
  `CREATE TABLE page_views (
     id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
     path VARCHAR(120) NOT NULL,
     took_ms SMALLINT UNSIGNED NOT NULL,
     visitor BINARY(16) NOT NULL,
     KEY by_path (path)
   ) ENGINE=MyISAM`,
  'CREATE TABLE order_changes (order_id INT UNSIGNED NOT NULL, change_text VARCHAR(100) NOT NULL, KEY (order_id)) ENGINE=InnoDB',
  'CREATE TABLE about (name VARCHAR(20) NOT NULL PRIMARY KEY, value VARCHAR(100) NOT NULL) ENGINE=InnoDB',
];

const INVOICES_BY_SEQUENCE = [
  'CREATE SEQUENCE invoice_numbers START WITH 100001 INCREMENT BY 1 CACHE 50',
  `CREATE TABLE invoices (
     number BIGINT NOT NULL DEFAULT (NEXT VALUE FOR invoice_numbers) PRIMARY KEY,
     order_id INT UNSIGNED NOT NULL,
     CONSTRAINT invoice_of_order FOREIGN KEY (order_id) REFERENCES orders (id)
   ) ENGINE=InnoDB`,
];

/** MySQL has no sequences. */
const INVOICES_BY_COUNTER = [
  `CREATE TABLE invoices (
     number BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
     order_id INT UNSIGNED NOT NULL,
     CONSTRAINT invoice_of_order FOREIGN KEY (order_id) REFERENCES orders (id)
   ) ENGINE=InnoDB AUTO_INCREMENT=100001`,
];

const WAREHOUSE = [
  `CREATE TABLE sites (
     code CHAR(3) CHARACTER SET latin1 NOT NULL PRIMARY KEY,
     town VARCHAR(40) NOT NULL,
     place POINT NOT NULL,
     opens TIME NOT NULL
   ) ENGINE=InnoDB`,
  `CREATE TABLE stock (
     site CHAR(3) CHARACTER SET latin1 NOT NULL,
     product_id INT UNSIGNED NOT NULL,
     pieces INT NOT NULL,
     PRIMARY KEY (site, product_id),
     CONSTRAINT stock_at_site FOREIGN KEY (site) REFERENCES sites (code)
   ) ENGINE=InnoDB`,
  `CREATE TABLE movements (
     id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
     year SMALLINT NOT NULL,
     site CHAR(3) CHARACTER SET latin1 NOT NULL,
     product_id INT UNSIGNED NOT NULL,
     pieces INT NOT NULL,
     temperature DECIMAL(4,1) NULL,
     remark VARCHAR(80) NULL,
     PRIMARY KEY (id, year), KEY by_product (product_id)
   ) ENGINE=InnoDB
     PARTITION BY RANGE (year) (
       PARTITION until_2024 VALUES LESS THAN (2025), PARTITION in_2025 VALUES LESS THAN (2026),
       PARTITION later VALUES LESS THAN MAXVALUE)`,
];
