CREATE DOMAIN note AS text;
CREATE TABLE t (id bigint, v varchar, n numeric(5,2), at timestamptz, d note, list text[], f float8, i interval, name name);
CREATE VIEW v AS SELECT * FROM (SELECT id, v, n, at, d, list, f, i, name FROM t
    UNION ALL SELECT 1, 'a', 3, '2020-01-01', 'x', '{a}', 1.5, '1 day', 'n') s;
CREATE VIEW w AS WITH c AS (SELECT id, v FROM t UNION SELECT 0, 'lit' UNION SELECT NULL, 'a' || 'b') SELECT *, (SELECT 'x') AS x, 'a' IN (SELECT 'a') AS y FROM c;
CREATE POLICY p ON t WITH CHECK (v IN (SELECT 'a' UNION ALL SELECT v FROM t));
CREATE RULE r AS ON DELETE TO w DO INSTEAD INSERT INTO t (id, v) SELECT 1, s FROM (SELECT 'k' AS s UNION SELECT 'l') z;
