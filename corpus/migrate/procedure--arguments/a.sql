CREATE PROCEDURE "Do it"(IN n integer DEFAULT 3, INOUT t text DEFAULT 'x') LANGUAGE plpgsql AS $$ BEGIN t := n; END $$;
COMMENT ON PROCEDURE "Do it"(integer, text) IS 'does it';
CREATE PROCEDURE clean() LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS '';
CREATE PROCEDURE swap(a integer) LANGUAGE sql AS '';
CREATE FUNCTION turn(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
