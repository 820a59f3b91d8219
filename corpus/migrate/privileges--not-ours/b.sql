DO $$ BEGIN CREATE ROLE corpus_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE corpus_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE EXTENSION citext;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) TO corpus_reader;
GRANT SELECT (rolname) ON pg_catalog.pg_authid TO corpus_reader;
REVOKE EXECUTE ON FUNCTION public.citext(boolean) FROM PUBLIC;
REVOKE USAGE ON TYPE public.citext FROM PUBLIC;
