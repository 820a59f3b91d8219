INSERT INTO t VALUES ('a', 'b', 1, 2, 'e');
