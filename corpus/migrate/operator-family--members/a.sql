CREATE OPERATOR FAMILY "Some family" USING btree;
CREATE OPERATOR FAMILY other USING hash;
COMMENT ON OPERATOR FAMILY other USING hash IS 'empty';
CREATE FUNCTION compare(integer, bigint) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT btint48cmp($1, $2) $$;
CREATE FUNCTION less(integer, bigint) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT int48lt($1, $2) $$;
CREATE OPERATOR <<< (FUNCTION = less, LEFTARG = integer, RIGHTARG = bigint);
ALTER OPERATOR FAMILY "Some family" USING btree ADD
    OPERATOR 1 <<< (integer, bigint), OPERATOR 3 = (integer, bigint), FUNCTION 1 (integer, bigint) compare(integer, bigint);
CREATE OPERATOR FAMILY dropped USING btree;
ALTER OPERATOR FAMILY dropped USING btree ADD OPERATOR 1 <<< (integer, bigint);
