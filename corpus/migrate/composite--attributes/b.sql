CREATE TYPE "Point 2" AS (x integer, "Y" numeric(10,2), "z z" varchar(5) COLLATE "POSIX");
COMMENT ON COLUMN "Point 2"."z z" IS 'it''s up';
CREATE TYPE named AS (at "Point 2", label text, since date);
CREATE TYPE empty AS (a integer);
CREATE FUNCTION origin() RETURNS named LANGUAGE sql AS $$ SELECT ROW(ROW(0, 0, 'z')::"Point 2", 'o', NULL)::named $$;
CREATE TABLE places (id integer, at "Point 2");
