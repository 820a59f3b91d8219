DO $$ BEGIN CREATE ROLE corpus_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE corpus_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER one FOREIGN DATA WRAPPER w;
CREATE SERVER two FOREIGN DATA WRAPPER w;
CREATE SCHEMA app;
CREATE TABLE app.parent (a int, shared text);
CREATE FOREIGN TABLE app.films (
    code char(5) OPTIONS (column_name 'c') NOT NULL,
    title varchar(40) COLLATE "C" DEFAULT 'none',
    seen date,
    CONSTRAINT long CHECK (length(title) > 3)
) SERVER one OPTIONS (path '/a', format 'csv');
CREATE FOREIGN TABLE app."Moves" (a int) SERVER one;
CREATE FOREIGN TABLE app.child (own int) INHERITS (app.parent) SERVER one;
CREATE FOREIGN TABLE app.gone (a int) SERVER one;
CREATE VIEW app.all_films AS SELECT code, title FROM app.films;
CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE INSERT ON app.films FOR EACH ROW EXECUTE FUNCTION app.f();
