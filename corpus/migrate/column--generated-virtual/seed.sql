INSERT INTO t (a, e) VALUES (1, 2), (3, 4); INSERT INTO parted VALUES (1);
