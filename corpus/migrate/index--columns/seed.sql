INSERT INTO t VALUES (1, 'b', 'c', 'd', '[1,2)', '{f}', '10.0.0.1');
