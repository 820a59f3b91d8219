INSERT INTO person VALUES (1, 'ok', 'happy', '{sad,ok}', 'happy'), (2, 'happy', NULL, NULL, NULL);
REFRESH MATERIALIZED VIEW counted;
