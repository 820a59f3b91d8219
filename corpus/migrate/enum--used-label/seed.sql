INSERT INTO shirts VALUES (1, 's', 'l'), (2, 'l', NULL);
