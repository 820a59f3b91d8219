CREATE TABLE items (id integer PRIMARY KEY, price numeric, owner text);
CREATE FUNCTION taxed(amount numeric) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$ SELECT amount * 1.2 $$;
CREATE FUNCTION mine(who text) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT who = current_user $$;
CREATE FUNCTION next_id(OUT id integer) LANGUAGE sql AS $$ SELECT 8 $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE VIEW taxed_items AS SELECT id, taxed(price) AS price FROM items;
CREATE VIEW dear_items AS SELECT * FROM taxed_items WHERE price > 100;
ALTER TABLE items ALTER COLUMN id SET DEFAULT next_id();
ALTER TABLE items ENABLE ROW LEVEL SECURITY;
