INSERT INTO events VALUES ('2025-06-01', 'x', 'y');
