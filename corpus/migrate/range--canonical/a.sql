CREATE TYPE day_span;
CREATE FUNCTION day_span_canonical(day_span) RETURNS day_span LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
CREATE FUNCTION apart(integer, integer) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$ SELECT $1::double precision - $2 $$;
CREATE TYPE day_span AS RANGE (subtype = integer, canonical = day_span_canonical, subtype_diff = apart);
CREATE TYPE plain AS RANGE (subtype = integer, subtype_diff = apart);
