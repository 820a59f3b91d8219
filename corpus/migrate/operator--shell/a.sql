CREATE SCHEMA "Other place";
CREATE FUNCTION less(integer, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT true $$;
CREATE OPERATOR <<< (FUNCTION = less, LEFTARG = integer, RIGHTARG = text, COMMUTATOR = OPERATOR("Other place".>>>));
