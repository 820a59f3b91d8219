INSERT INTO "Desk ""1""".tickets VALUES (1, 'new', '{}'), (2, 'it''s open', '{new,closed}'), (3, 'closed', NULL);
