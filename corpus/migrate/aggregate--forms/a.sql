CREATE FUNCTION plus(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 + $2';
CREATE FUNCTION minus(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 - $2';
CREATE AGGREGATE "Sum 2"(integer) (sfunc = plus, stype = integer, initcond = '0', msfunc = plus, minvfunc = minus, mstype = integer, minitcond = '0', parallel = safe);
COMMENT ON AGGREGATE "Sum 2"(integer) IS 'it''s a sum';
CREATE AGGREGATE how_many(*) (sfunc = int8inc, stype = bigint, initcond = '0', combinefunc = int8pl, sspace = 8);
CREATE AGGREGATE least_of(integer) (sfunc = int4smaller, stype = integer, sortop = <);
CREATE AGGREGATE middle(double precision ORDER BY anyelement) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra);
CREATE TABLE numbers (n integer);
CREATE VIEW total AS SELECT "Sum 2"(n) AS n, how_many(*) AS many FROM numbers;
