DO $$ BEGIN CREATE ROLE corpus_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE gets (id integer);
ALTER TABLE gets OWNER TO corpus_owner;
CREATE TABLE linked (id integer);
ALTER TABLE linked OWNER TO corpus_owner;
CREATE SEQUENCE free;
CREATE TABLE given (id serial);
