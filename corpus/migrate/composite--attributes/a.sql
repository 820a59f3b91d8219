CREATE TYPE "Point 2" AS (x integer, "Y" numeric(10,2));
COMMENT ON COLUMN "Point 2".x IS 'across';
CREATE TYPE named AS (label text COLLATE "C", at "Point 2");
CREATE TYPE empty AS ();
CREATE FUNCTION origin() RETURNS named LANGUAGE sql AS $$ SELECT ROW('o', ROW(0, 0)::"Point 2")::named $$;
CREATE TABLE places (id integer, at "Point 2");
