INSERT INTO orders (code) VALUES (1), (2);
INSERT INTO other VALUES (7);
