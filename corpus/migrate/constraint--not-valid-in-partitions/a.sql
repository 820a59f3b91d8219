-- The parent's CHECK is not valid, nor are the copies of those that were partitions then; a later one has it valid.
CREATE TABLE p (a integer, b text) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);
ALTER TABLE p ADD CONSTRAINT filled CHECK (b <> '') NOT VALID;
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30);
