INSERT INTO events VALUES (1, '2025-06-01', 'y'), (2, '2026-06-01', 'x');
INSERT INTO uses VALUES (1, '2025-06-01', 'y');
