CREATE TABLE t (a integer CONSTRAINT positive CHECK (a >= 0), s varchar(10), b integer, CONSTRAINT pair CHECK (a < b OR b IS NULL),
    CONSTRAINT known CHECK (s IN ('x', 'z')) NOT VALID, CONSTRAINT mine CHECK (b <> 9), CONSTRAINT late CHECK (b > 1));
CREATE FUNCTION fine(integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
CREATE FUNCTION row_fine(t) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.a > 0';
ALTER TABLE t ADD CONSTRAINT by_row CHECK (row_fine(t.*));
