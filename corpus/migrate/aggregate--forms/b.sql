CREATE FUNCTION plus(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 + $2';
CREATE FUNCTION minus(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 - $2';
CREATE AGGREGATE "Sum 2"(integer) (sfunc = minus, stype = integer, initcond = '100');
CREATE AGGREGATE how_many(*) (sfunc = int8inc, stype = bigint, initcond = '1');
REVOKE EXECUTE ON FUNCTION how_many() FROM PUBLIC;
CREATE AGGREGATE ranked(VARIADIC "any" ORDER BY VARIADIC "any") (sfunc = ordered_set_transition_multi, stype = internal, finalfunc = rank_final, finalfunc_extra, hypothetical);
CREATE TABLE numbers (n integer);
CREATE VIEW total AS SELECT "Sum 2"(n) AS n, how_many(*) AS many FROM numbers;
