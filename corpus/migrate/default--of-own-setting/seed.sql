INSERT INTO u (id, tenant) VALUES (1, 'x');
