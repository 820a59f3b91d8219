CREATE TRANSFORM FOR integer LANGUAGE sql (TO SQL WITH FUNCTION int4recv(internal));
CREATE TYPE pair AS (a integer, b integer);
CREATE TRANSFORM FOR pair LANGUAGE plpgsql (FROM SQL WITH FUNCTION prsd_lextype(internal));
CREATE FUNCTION f(pair) RETURNS integer LANGUAGE plpgsql TRANSFORM FOR TYPE pair AS $$ BEGIN RETURN 2; END $$;
