INSERT INTO t VALUES (1.25, 2.5, 3, 'four', 'abc', '{a,b}'), (NULL, NULL, NULL, NULL, NULL, NULL);
