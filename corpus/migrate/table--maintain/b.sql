DO $$ BEGIN CREATE ROLE corpus_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;

CREATE TABLE kept (a integer);
GRANT SELECT ON kept TO corpus_reader;
CREATE TABLE every (a integer);
GRANT ALL ON every TO corpus_reader;
REVOKE MAINTAIN ON every FROM corpus_reader;
CREATE TABLE less (a integer);
CREATE MATERIALIZED VIEW fresh AS SELECT 1 AS one;
GRANT SELECT, MAINTAIN ON fresh TO corpus_reader;
