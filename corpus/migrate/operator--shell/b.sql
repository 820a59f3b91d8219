CREATE FUNCTION less(integer, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT true $$;
CREATE TYPE tone AS ENUM ('light');
CREATE FUNCTION same(tone, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT true $$;
CREATE OPERATOR === (FUNCTION = same, LEFTARG = tone, RIGHTARG = integer, COMMUTATOR = ===, NEGATOR = !==);
