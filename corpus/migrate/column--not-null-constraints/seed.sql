INSERT INTO t VALUES (1, 1, 1, 1, 1, 1, 1, 1); INSERT INTO parted VALUES (1, 1, 1), (2, 2, 2); INSERT INTO checked VALUES (1, 1, 1, 1);
