INSERT INTO t (id, kept) VALUES (1, 'x'), (2, 'y');
