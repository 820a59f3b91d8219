CREATE DOMAIN "E mail" AS text COLLATE "C" DEFAULT 'a@b' CONSTRAINT "has @" CHECK (VALUE LIKE '%@%') CONSTRAINT long CHECK (length(VALUE) < 100);
COMMENT ON CONSTRAINT "has @" ON DOMAIN "E mail" IS 'it''s needed';
COMMENT ON DOMAIN "E mail" IS 'address';
CREATE DOMAIN plain AS numeric(10,2);
CREATE DOMAIN checked AS integer;
CREATE FUNCTION is_fine(value checked) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT true $$;
ALTER DOMAIN checked ADD CONSTRAINT circular CHECK (is_fine(VALUE));
CREATE TABLE people (id integer, mail "E mail", others "E mail"[], amount plain);
