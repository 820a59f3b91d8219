INSERT INTO p VALUES (1, 'x'), (21, 'y');
