INSERT INTO people VALUES (1, 'a');
INSERT INTO others VALUES (ROW(1, 'a'), ARRAY[ROW(2, 'b')::person]);
