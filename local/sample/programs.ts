/** Views, triggers, procedures, functions and events of the sample shop, and some use of them. */

/** They are made after the rows, as in a shop that has grown: no trigger fires while it is filled. */
export const PROGRAMS: readonly string[] = [
  'USE shop',
  `CREATE VIEW revenue_by_month AS
     SELECT DATE_FORMAT(ordered_at, '%Y-%m') AS month, COUNT(*) AS orders, SUM(total) AS revenue
     FROM orders WHERE state <> 'returned' GROUP BY month`,
  // Over both schemas; each of them reads from the other.
  `CREATE SQL SECURITY INVOKER VIEW availability AS
     SELECT products.id, products.title, COALESCE(SUM(stock.pieces), 0) AS pieces
     FROM products LEFT JOIN warehouse.stock ON stock.product_id = products.id GROUP BY products.id, products.title`,
  'CREATE VIEW nearly_gone AS SELECT id, title, pieces FROM availability WHERE pieces < 10',
  'CREATE VIEW cheap_products AS SELECT id, title, price FROM products WHERE price < 20 WITH CASCADED CHECK OPTION',
  // Several for one event: their order counts.
  `CREATE TRIGGER lines_make_total AFTER INSERT ON order_lines FOR EACH ROW
     UPDATE orders SET total = total + NEW.quantity * NEW.price WHERE id = NEW.order_id`,
  `CREATE TRIGGER lines_take_stock AFTER INSERT ON order_lines FOR EACH ROW FOLLOWS lines_make_total
     UPDATE warehouse.stock SET pieces = pieces - CAST(NEW.quantity AS SIGNED) WHERE product_id = NEW.product_id LIMIT 1`,
  `CREATE TRIGGER lines_are_told AFTER INSERT ON order_lines FOR EACH ROW PRECEDES lines_take_stock
     INSERT INTO order_changes VALUES (NEW.order_id, CONCAT('🛒 + ', NEW.quantity, ' × product ', NEW.product_id))`,
  `CREATE TRIGGER states_are_told BEFORE UPDATE ON orders FOR EACH ROW
   BEGIN
     -- Only a new state is worth a line; the total changes with each line of the order.
     IF NOT NEW.state <=> OLD.state THEN
       INSERT INTO order_changes VALUES (NEW.id, CONCAT(OLD.state, ' → ', NEW.state));
     END IF;
   END`,
  `CREATE FUNCTION discounted(price DECIMAL(10,2), pieces INT) RETURNS DECIMAL(10,2) DETERMINISTIC NO SQL
     COMMENT 'ten pieces are 5 % cheaper; "bulk" they say'
     RETURN IF(pieces >= 10, ROUND(price * 0.95, 2), price)`,
  `CREATE PROCEDURE place_order(IN customer INT UNSIGNED, IN product INT UNSIGNED, IN pieces SMALLINT, OUT made INT UNSIGNED)
     MODIFIES SQL DATA
   BEGIN
     DECLARE its_price DECIMAL(10,2);
     SELECT discounted(price, pieces) INTO its_price FROM products WHERE id = product;
     INSERT INTO orders (customer_id, state, ordered_at, note) VALUES (customer, 'open', NOW(6), 'it''s a gift 🎁');
     SET made = LAST_INSERT_ID();
     INSERT INTO order_lines (order_id, line, product_id, quantity, price) VALUES (made, 1, product, pieces, its_price);
     UPDATE orders SET state = 'paid' WHERE id = made;
     INSERT INTO invoices (order_id) VALUES (made);
   END`,
  `CREATE EVENT forget_searches ON SCHEDULE EVERY 1 DAY STARTS '2035-01-01 03:00:00' ON COMPLETION PRESERVE
     COMMENT 'searches are kept for a year' DO DELETE FROM searches WHERE day < CURDATE() - INTERVAL 1 YEAR`,
  `CREATE EVENT anniversary ON SCHEDULE AT '2035-06-01 12:00:00' DISABLE
     DO INSERT INTO about VALUES ('anniversary', '🎉') ON DUPLICATE KEY UPDATE value = '🎉'`,
  'USE warehouse',
  `CREATE VIEW value_by_site AS
     SELECT stock.site, SUM(stock.pieces * products.price) AS value
     FROM stock JOIN shop.products ON products.id = stock.product_id GROUP BY stock.site`,
  `CREATE TRIGGER no_ghost_moves BEFORE INSERT ON movements FOR EACH ROW
   BEGIN
     IF NEW.pieces = 0 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'nothing was moved'; END IF;
   END`,
  `CREATE PROCEDURE count_stock(IN where_at CHAR(3)) READS SQL DATA SQL SECURITY INVOKER
     SELECT COUNT(*) AS kinds, SUM(pieces) AS pieces FROM stock WHERE site = where_at`,
];

/** A few orders through the front door: triggers fire, the sequence and the counters move on. */
export const ORDERS: readonly string[] = [
  'USE shop',
  // So that two shops of one seed are alike to the second.
  "SET @@timestamp = UNIX_TIMESTAMP('2026-11-01 09:30:00')",
  'CALL place_order(1, 1, 2, @made)',
  'CALL place_order(2, 3, 12, @made)',
  'CALL place_order(3, 2, 1, @made)',
  'SET @@timestamp = DEFAULT',
];
