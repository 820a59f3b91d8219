CREATE TABLE t (a bpchar, b "bit", c bpchar[], d "bit"[], e character, f bit);
CREATE DOMAIN d AS bpchar;
CREATE TYPE c AS (a bpchar, b bit);
CREATE VIEW v AS SELECT a, b FROM t;
CREATE FUNCTION f(character, bit) RETURNS character LANGUAGE sql AS $$ SELECT $1 $$;
