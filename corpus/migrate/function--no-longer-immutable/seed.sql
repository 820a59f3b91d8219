INSERT INTO t (a) VALUES (1), (2), (3);
