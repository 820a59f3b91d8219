CREATE TRUSTED LANGUAGE "My PL" HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
COMMENT ON LANGUAGE "My PL" IS 'mine';
CREATE LANGUAGE gone HANDLER plpgsql_call_handler;
CREATE FUNCTION f() RETURNS integer LANGUAGE "My PL" AS $$ BEGIN RETURN 1; END $$;
CREATE FUNCTION g() RETURNS integer LANGUAGE gone AS $$ BEGIN RETURN 1; END $$;
