INSERT INTO items VALUES (1, 10, 'ann'), (2, 100, NULL);
