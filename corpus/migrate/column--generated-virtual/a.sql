CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a * 2) VIRTUAL, c integer GENERATED ALWAYS AS (a + 1) STORED, d integer GENERATED ALWAYS AS (a - 1), e integer);
COMMENT ON COLUMN t.b IS 'twice';
CREATE TABLE parent (a integer, v integer GENERATED ALWAYS AS (a * 2) VIRTUAL);
CREATE TABLE child (b integer) INHERITS (parent);
CREATE TABLE parted (a integer, v integer GENERATED ALWAYS AS (a * 3) VIRTUAL) PARTITION BY RANGE (a);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
