CREATE TABLE t (a character, b bit, c character[], d bit[], e bpchar, f "bit");
CREATE DOMAIN d AS character;
CREATE TYPE c AS (a character, b "bit");
CREATE VIEW v AS SELECT a, b FROM t;
