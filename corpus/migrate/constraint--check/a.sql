CREATE TABLE t (a integer CONSTRAINT positive CHECK (a > 0), s varchar(10), b integer, CONSTRAINT pair CHECK (a < b OR b IS NULL),
    CONSTRAINT known CHECK (s IN ('x', 'y', 'it''s')), CONSTRAINT mine CHECK (b <> 9) NO INHERIT);
ALTER TABLE t ADD CONSTRAINT late CHECK (b > 1) NOT VALID;
COMMENT ON CONSTRAINT pair ON t IS 'a pair';
CREATE FUNCTION fine(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
ALTER TABLE t ADD CONSTRAINT by_function CHECK (fine(a));
CREATE FUNCTION row_fine(t) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.a > 0';
ALTER TABLE t ADD CONSTRAINT by_row CHECK (row_fine(t.*));
