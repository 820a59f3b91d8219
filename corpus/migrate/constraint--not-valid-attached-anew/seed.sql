INSERT INTO p VALUES (1, 'x'), (11, 'y');
