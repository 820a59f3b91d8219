CREATE TYPE color AS (r integer, g integer, b integer);
CREATE DOMAIN "Some text" AS text;
CREATE FUNCTION gray(integer) RETURNS color LANGUAGE sql IMMUTABLE AS $$ SELECT ROW($1, $1, $1)::color $$;
CREATE CAST (integer AS color) WITH FUNCTION gray(integer) AS ASSIGNMENT;
CREATE CAST (color AS text) WITH INOUT AS IMPLICIT;
CREATE CAST (bigint AS color) WITH INOUT;
COMMENT ON CAST (integer AS color) IS 'all the same';
CREATE VIEW grays AS SELECT 1::color AS c;
