CREATE TABLE sales (day date, amount numeric);
CREATE MATERIALIZED VIEW "Per day" AS SELECT day, max(amount) AS amount FROM sales GROUP BY day;
COMMENT ON MATERIALIZED VIEW "Per day" IS 'best';
CREATE MATERIALIZED VIEW empty WITH (fillfactor = 50, autovacuum_enabled = false, toast.autovacuum_enabled = false) AS SELECT 1 AS n, 'x'::text AS t;
CREATE MATERIALIZED VIEW other AS SELECT 1 AS n, 'x'::text AS t WITH NO DATA;
CREATE VIEW above AS SELECT * FROM "Per day" WHERE amount > 10;
