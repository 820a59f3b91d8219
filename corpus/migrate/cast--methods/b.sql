CREATE TYPE color AS (r integer, g integer, b integer);
CREATE DOMAIN "Some text" AS text;
CREATE FUNCTION gray(integer) RETURNS color LANGUAGE sql IMMUTABLE AS $$ SELECT ROW($1, $1, $1)::color $$;
CREATE TYPE tone AS ENUM ('light', 'dark');
CREATE FUNCTION gray(integer, integer) RETURNS color LANGUAGE sql IMMUTABLE AS $$ SELECT ROW($1, $1, $2)::color $$;
CREATE CAST (integer AS color) WITH FUNCTION gray(integer) AS IMPLICIT;
CREATE CAST (color AS text) WITH INOUT AS ASSIGNMENT;
CREATE CAST (text AS tone) WITH INOUT AS ASSIGNMENT;
CREATE VIEW grays AS SELECT 1::color AS c;
