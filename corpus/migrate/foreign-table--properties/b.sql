DO $$ BEGIN CREATE ROLE corpus_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE corpus_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER one FOREIGN DATA WRAPPER w;
CREATE SERVER two FOREIGN DATA WRAPPER w;
CREATE SCHEMA app;
CREATE TABLE app.parent (a int, shared text);
CREATE FOREIGN TABLE app.films (
    code char(5) OPTIONS (column_name 'd', other 'x'),
    title text DEFAULT 'some',
    len int GENERATED ALWAYS AS (length('x')) STORED
) SERVER one OPTIONS (path '/b', delimiter ';');
ALTER FOREIGN TABLE app.films ALTER COLUMN title SET STATISTICS 7;
ALTER FOREIGN TABLE app.films ADD CONSTRAINT later CHECK (code <> '') NOT VALID;
COMMENT ON FOREIGN TABLE app.films IS 'elsewhere';
COMMENT ON COLUMN app.films.code IS 'short';
GRANT SELECT ON app.films TO corpus_reader;
GRANT UPDATE (title) ON app.films TO corpus_reader;
ALTER FOREIGN TABLE app.films OWNER TO corpus_owner;
CREATE FOREIGN TABLE app."Moves" (a int) SERVER two;
CREATE FOREIGN TABLE app.child (a int, shared text, own int) SERVER one;
CREATE VIEW app.all_films AS SELECT code, title FROM app.films;
CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
