INSERT INTO child VALUES (2, 'b', 3);
