CREATE FUNCTION old_code() RETURNS text LANGUAGE sql AS $$SELECT 'old'$$;
CREATE FUNCTION new_code(p text) RETURNS text LANGUAGE sql AS $$SELECT p || 'new'$$;
CREATE TABLE t (
    id integer,
    a text NOT NULL DEFAULT old_code(),
    b text NOT NULL DEFAULT new_code('b') || old_code(),
    CONSTRAINT known CHECK (new_code(a) IS NOT NULL)
);
-- A function that needs the table cannot come before it.
CREATE TABLE u (id integer, n integer);
CREATE FUNCTION of_row(u) RETURNS integer LANGUAGE sql AS $$SELECT 1$$;
CREATE FUNCTION of_rows() RETURNS SETOF u LANGUAGE sql AS $$SELECT * FROM u$$;
ALTER TABLE u ALTER COLUMN n SET DEFAULT of_row(NULL);
CREATE TABLE v (
    id integer DEFAULT of_row(NULL),
    code text DEFAULT new_code('v'),
    CONSTRAINT codes CHECK (code <> old_code())
);
