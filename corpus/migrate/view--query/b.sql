CREATE TABLE users (id integer, name varchar(20), "Full name" text, active boolean);
CREATE VIEW "Active users" AS SELECT id, name, "Full name" FROM users WHERE active AND id > 0;
COMMENT ON VIEW "Active users" IS 'it''s them';
CREATE VIEW upper_users AS SELECT id, upper(name) AS name FROM "Active users";
CREATE VIEW checked AS SELECT id, active FROM users WHERE id > 1 WITH CASCADED CHECK OPTION;
CREATE VIEW v (a, c) AS VALUES (1, 'x'), (2, 'y');
CREATE VIEW joined AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT u.id, r.n AS other FROM users u JOIN r ON r.n = u.id;
