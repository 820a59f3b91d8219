CREATE TABLE t (a integer, "b c" integer) PARTITION BY RANGE (a, (("b c" + 1)));
CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0, 0) TO (10, 0);
