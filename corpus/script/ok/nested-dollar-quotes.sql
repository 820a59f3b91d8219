DO $outer$
BEGIN
  EXECUTE $sql$ CREATE TABLE t (a text DEFAULT 'x;y') $sql$;
  EXECUTE $a$ COMMENT ON TABLE t IS $b$ it's $a b$ ; $b$ $a$;
END
$outer$;
CREATE FUNCTION f(integer) RETURNS integer LANGUAGE plpgsql AS $_$ BEGIN RETURN $1; END $_$;
