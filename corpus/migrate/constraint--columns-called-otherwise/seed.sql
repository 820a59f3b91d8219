INSERT INTO t VALUES (3, 2, 'x', 5, (4, 'y'), 7);
INSERT INTO wide (c1, c2, c31, c33) VALUES (2, 3, 1, 4);
