INSERT INTO measures_old VALUES ('2025-06-01', 1, 'x');
INSERT INTO child VALUES (3);
