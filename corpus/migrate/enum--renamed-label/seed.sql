INSERT INTO ticket VALUES (1, 'new', '{new}'), (2, 'open', '{new,open}'), (3, 'it''s over', NULL);
REFRESH MATERIALIZED VIEW opened;
