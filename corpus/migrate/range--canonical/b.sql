CREATE FUNCTION apart(integer, integer) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$ SELECT $1::double precision - $2 $$;
CREATE TYPE day_span AS RANGE (subtype = integer, subtype_diff = apart);
CREATE TYPE plain;
CREATE FUNCTION plain_canonical(plain) RETURNS plain LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE TYPE plain AS RANGE (subtype = integer, canonical = plain_canonical);
CREATE TABLE t (a plain);
