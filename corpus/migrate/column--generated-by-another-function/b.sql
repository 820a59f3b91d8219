CREATE FUNCTION twice(b integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT b + b';
CREATE FUNCTION name_of(a integer) RETURNS varchar LANGUAGE sql IMMUTABLE AS 'SELECT a::varchar';
CREATE TABLE t (id integer PRIMARY KEY, double integer GENERATED ALWAYS AS (twice(id)) STORED NOT NULL, name text GENERATED ALWAYS AS (name_of(id)) STORED UNIQUE, kept text);
CREATE INDEX by_double ON t (double, kept);
CREATE VIEW v AS SELECT double, kept FROM t;
COMMENT ON COLUMN t.double IS 'two of them';
