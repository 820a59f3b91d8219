CREATE TABLE t (a bigint, "b c" bigint) PARTITION BY RANGE (a, (("b c" + 1)));
CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0, 0) TO (10, 0);
