-- A partition that has no index for one of its parent's comes and goes, and is attached: the server would make it one.
CREATE TABLE p (a integer, b text) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30);
CREATE INDEX whole ON p (a);
CREATE INDEX parts ON ONLY p (b) WHERE a > 1;
CREATE INDEX part1 ON p1 (b) WHERE a > 1;
ALTER INDEX parts ATTACH PARTITION part1;
