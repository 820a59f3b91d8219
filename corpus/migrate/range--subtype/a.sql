CREATE TYPE "Float span" AS RANGE (subtype = double precision, subtype_diff = float8mi);
CREATE TYPE word_span AS RANGE (subtype = text, collation = "C");
CREATE FUNCTION width(span "Float span") RETURNS double precision LANGUAGE sql IMMUTABLE AS $$ SELECT upper(span) - lower(span) $$;
