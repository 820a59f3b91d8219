CREATE OPERATOR FAMILY "Some family" USING btree;
CREATE OPERATOR FAMILY other USING hash;
CREATE FUNCTION compare(integer, bigint) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT btint48cmp($1, $2) $$;
ALTER OPERATOR FAMILY "Some family" USING btree ADD
    OPERATOR 1 < (integer, bigint), OPERATOR 3 = (integer, bigint), OPERATOR 5 > (integer, bigint),
    FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint);
ALTER OPERATOR FAMILY other USING hash ADD OPERATOR 1 = (integer, bigint);
