CREATE TABLE customer (id integer PRIMARY KEY, name text);
CREATE VIEW names AS SELECT name FROM customer;
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION touched();
