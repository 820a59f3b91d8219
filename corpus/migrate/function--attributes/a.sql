CREATE SCHEMA "F s";
SET search_path = "F s", public;
CREATE FUNCTION add(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 7 AS $$ SELECT a + b $$;
COMMENT ON FUNCTION add(integer, integer) IS 'it''s a sum';
CREATE FUNCTION "All ways"(IN "In" text, OUT "Out" integer, INOUT "both ""ways""" numeric, VARIADIC rest integer[] DEFAULT '{1,2}') LANGUAGE plpgsql SECURITY DEFINER SET search_path = "F s", "$user", pg_temp SET "app.user_s" = 'a, b''c' AS $body$ BEGIN "Out" := $$1$$; END $body$;
CREATE FUNCTION rows_of(n integer) RETURNS TABLE("select" integer, b text) LANGUAGE sql STABLE ROWS 5 SET work_mem = '8MB' AS 'SELECT n, ''x\y''';
CREATE FUNCTION unnamed(integer, text) RETURNS SETOF text LANGUAGE sql LEAKPROOF AS 'SELECT $2';
CREATE FUNCTION stamped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- a comment with $a$ in it
    NEW.at := now();
    RETURN NEW;
END
$$;
CREATE FUNCTION cut(integer) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'int4abs';
CREATE FUNCTION "Gone"(char, "char", varchar, bit, timestamp with time zone) RETURNS void LANGUAGE sql AS '';
