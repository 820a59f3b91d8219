INSERT INTO t VALUES ('the quick 3 foxes');
