INSERT INTO t VALUES (1, 'o', 'x');
