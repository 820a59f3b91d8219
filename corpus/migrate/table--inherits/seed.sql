INSERT INTO base VALUES (2, 'a', 'b');
INSERT INTO child VALUES (3, 'a', 'b', 'c');
