CREATE PROCEDURE "Do it"(IN n integer DEFAULT 4, INOUT t text DEFAULT 'x') LANGUAGE plpgsql AS $$ BEGIN t := n || '!'; END $$;
REVOKE EXECUTE ON PROCEDURE "Do it"(integer, text) FROM PUBLIC;
CREATE PROCEDURE clean() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
CREATE PROCEDURE swap(b integer) LANGUAGE sql AS '';
CREATE PROCEDURE turn(a integer) LANGUAGE sql AS 'SELECT 1';
