INSERT INTO events (at, kind, note) VALUES ('2024-02-03', 'a', 'n'), ('2025-02-03', 'b', 'm'), ('2030-01-01', 'x', 'r');
INSERT INTO people VALUES (1);
INSERT INTO visits VALUES (1, '2024-01-01');
