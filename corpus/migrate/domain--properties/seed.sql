INSERT INTO people VALUES (1, 'x@y', '{p@q}', 1.5);
