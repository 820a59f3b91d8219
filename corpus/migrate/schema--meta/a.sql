DO $$ BEGIN CREATE ROLE corpus_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE corpus_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA app;
CREATE SCHEMA gone AUTHORIZATION corpus_owner;
GRANT USAGE ON SCHEMA gone TO corpus_reader WITH GRANT OPTION;
SET ROLE corpus_reader;
GRANT USAGE ON SCHEMA gone TO PUBLIC;
