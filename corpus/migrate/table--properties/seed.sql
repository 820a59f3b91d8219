INSERT INTO t VALUES (1, 'a', 'x'), (2, 'b', 'y');
INSERT INTO scratch VALUES (1);
INSERT INTO plain VALUES (1, 'a');
