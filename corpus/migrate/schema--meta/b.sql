DO $$ BEGIN CREATE ROLE corpus_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE corpus_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA app AUTHORIZATION corpus_owner;
COMMENT ON SCHEMA app IS 'it''s the app';
GRANT USAGE, CREATE ON SCHEMA app TO corpus_reader;
REVOKE CREATE ON SCHEMA app FROM corpus_owner;
CREATE SCHEMA "a ""b""";
