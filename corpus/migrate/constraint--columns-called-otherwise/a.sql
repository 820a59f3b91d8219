-- Columns that are called like those of pg_statistic, by which expressions are read, but in another order.
CREATE SCHEMA stakind1;
CREATE FUNCTION stakind1.starelid(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION staattnum(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE TYPE stainherit AS (starelid integer, staop1 text);
CREATE TABLE t (staattnum integer, starelid integer, "Sta Kind""1" text, "select" integer, stainherit stainherit,
    gone integer, tail integer);
ALTER TABLE t DROP COLUMN gone;
ALTER TABLE t ADD CONSTRAINT order_of_two CHECK (staattnum > starelid AND tail <> 0);
ALTER TABLE t ADD CONSTRAINT texts CHECK ("Sta Kind""1" <> 'stainherit starelid' AND "select" > 1);
ALTER TABLE t ADD CONSTRAINT functions CHECK (staattnum(staattnum) > stakind1.starelid(starelid));
ALTER TABLE t ADD CONSTRAINT fields CHECK ((stainherit).starelid > 1 AND (stainherit)::stainherit IS NOT NULL);
ALTER TABLE t ADD CONSTRAINT whole CHECK (t.* IS NOT NULL OR starelid > 2);
ALTER TABLE t ADD CONSTRAINT by_row CHECK (tableoid > 0::oid);
CREATE INDEX part ON t (tail) WHERE starelid > staattnum AND "select" IS NOT NULL;
CREATE INDEX whole_part ON t (tail) WHERE t.* IS NOT NULL AND starelid > 1;
CREATE TABLE wide (c1 integer, c2 integer, c3 integer, c4 integer, c5 integer, c6 integer, c7 integer, c8 integer, c9 integer, c10 integer, c11 integer, c12 integer, c13 integer, c14 integer, c15 integer, c16 integer, c17 integer, c18 integer, c19 integer, c20 integer, c21 integer, c22 integer, c23 integer, c24 integer, c25 integer, c26 integer, c27 integer, c28 integer, c29 integer, c30 integer, c31 integer, c32 integer, c33 integer);
ALTER TABLE wide ADD CONSTRAINT last CHECK (c33 > c1), ADD CONSTRAINT first CHECK (c1 > c31);
CREATE INDEX wide_part ON wide (c1) WHERE c33 > c2;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY plain ON t USING (starelid > staattnum) WITH CHECK ("select" > 0);
CREATE POLICY asking ON t USING (EXISTS (SELECT FROM wide WHERE c1 > t.starelid)) WITH CHECK (starelid > 0);
CREATE MATERIALIZED VIEW m AS SELECT staattnum AS starelid, starelid AS staattnum FROM t;
CREATE INDEX of_view ON m (starelid) WHERE starelid > staattnum;
