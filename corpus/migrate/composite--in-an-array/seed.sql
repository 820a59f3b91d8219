INSERT INTO pairs VALUES (1, ARRAY[ROW(1, 2)::pair]);
