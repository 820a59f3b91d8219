CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
CREATE TYPE pair AS (a integer, b integer);
CREATE TRANSFORM FOR pair LANGUAGE plpgsql (FROM SQL WITH FUNCTION prsd_lextype(internal));
COMMENT ON TRANSFORM FOR pair LANGUAGE plpgsql IS 'one way';
CREATE TYPE other AS (a integer);
CREATE TRANSFORM FOR other LANGUAGE plpgsql (FROM SQL WITH FUNCTION prsd_lextype(internal));
CREATE FUNCTION f(pair) RETURNS integer LANGUAGE plpgsql TRANSFORM FOR TYPE pair AS $$ BEGIN RETURN 1; END $$;
