CREATE TABLE person (id integer PRIMARY KEY, name text);
CREATE VIEW customer AS SELECT id, name FROM person;
CREATE VIEW names AS SELECT name FROM customer;
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touch INSTEAD OF INSERT ON customer FOR EACH ROW EXECUTE FUNCTION touched();
