INSERT INTO log (at, later) VALUES (1, 1);
