INSERT INTO t (a, kept) VALUES (1, 'x'), (2, 'y');
