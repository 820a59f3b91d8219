CREATE TABLE t (a integer, b integer, total integer GENERATED ALWAYS AS (a - b) STORED, twice bigint GENERATED ALWAYS AS (a * 2) STORED, stops integer);
COMMENT ON COLUMN t.total IS 'sum';
GRANT SELECT (total) ON t TO PUBLIC;
CREATE INDEX t_total ON t (total);
CREATE VIEW v AS SELECT total FROM t;
