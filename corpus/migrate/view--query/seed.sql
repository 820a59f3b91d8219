INSERT INTO users VALUES (1, 'ann', 'Ann A.', true), (2, 'bob', NULL, false);
