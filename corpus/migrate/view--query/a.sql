CREATE TABLE users (id integer, name varchar(20), "Full name" text, active boolean);
CREATE VIEW "Active users" AS SELECT id, name FROM users WHERE active;
CREATE VIEW upper_users AS SELECT id, upper(name) AS name FROM "Active users";
CREATE VIEW checked WITH (security_barrier) AS SELECT id, active FROM users WHERE id > 0 WITH LOCAL CHECK OPTION;
CREATE VIEW v (a, "b b") AS VALUES (1, 'x'), (2, 'y');
CREATE VIEW joined AS SELECT u.id, o.id AS other FROM users u LEFT JOIN users o USING (name) ORDER BY 1 LIMIT 5;
CREATE VIEW gone AS SELECT 1 AS one;
