INSERT INTO parted VALUES (1, '2024-06-01', 1.5, 'y'), (2, '2025-06-01', 2, NULL);
INSERT INTO child VALUES (1, 'b', 2);
