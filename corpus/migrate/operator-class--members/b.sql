CREATE FUNCTION compare(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT btint4cmp($1, $2) $$;
CREATE OPERATOR CLASS "Backwards" FOR TYPE integer USING btree AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(integer, integer);
CREATE OPERATOR FAMILY near USING gist;
CREATE TABLE t (a integer, p point);
CREATE INDEX backwards ON t (a "Backwards");
CREATE OPERATOR CLASS only_stored FOR TYPE integer USING gist AS STORAGE integer;
