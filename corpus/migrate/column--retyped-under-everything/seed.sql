INSERT INTO item (id, price, code) VALUES (1, 7, 'a'), (2, 2000, NULL); INSERT INTO line VALUES (1, 3), (2, 4);
