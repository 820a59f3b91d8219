CREATE FUNCTION old_code() RETURNS text LANGUAGE sql AS $$SELECT 'old'$$;
CREATE TABLE t (id integer);
CREATE TABLE u (id integer);
