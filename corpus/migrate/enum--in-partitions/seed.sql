INSERT INTO person VALUES (1, 'sad'), (11, 'ok');
INSERT INTO child VALUES ('ok', 'sad');
