CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a * 3) VIRTUAL, c integer GENERATED ALWAYS AS (a + 1) VIRTUAL, d integer GENERATED ALWAYS AS (a - 1) STORED, e integer, f integer GENERATED ALWAYS AS (e) NOT NULL);
COMMENT ON COLUMN t.b IS 'thrice';
CREATE TABLE parent (a integer, v integer GENERATED ALWAYS AS (a * 4) VIRTUAL);
CREATE TABLE child (b integer) INHERITS (parent);
CREATE TABLE parted (a integer, v integer GENERATED ALWAYS AS (a * 3) VIRTUAL) PARTITION BY RANGE (a);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
CREATE TABLE parted_2 (a integer, v integer GENERATED ALWAYS AS (a * 5) VIRTUAL);
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES FROM (10) TO (20);
