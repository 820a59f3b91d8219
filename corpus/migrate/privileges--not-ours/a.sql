DO $$ BEGIN CREATE ROLE corpus_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE corpus_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE EXTENSION citext;
CREATE EXTENSION pg_stat_statements;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC;
GRANT SELECT ON pg_catalog.pg_authid TO corpus_reader;
GRANT EXECUTE ON FUNCTION public.citext(boolean) TO corpus_reader WITH GRANT OPTION;
REVOKE ALL ON public.pg_stat_statements FROM PUBLIC;
GRANT SELECT (userid, dbid) ON public.pg_stat_statements TO corpus_reader;
