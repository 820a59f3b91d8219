CREATE TABLE t (a integer, s varchar(10), body text);
CREATE INDEX lowered ON t (lower(s), (a + 1) DESC, s);
CREATE INDEX partial ON t (a) WHERE s = ANY (ARRAY['x', 'z']);
CREATE INDEX found ON t USING gin (to_tsvector('simple', coalesce(body, '')));
CREATE INDEX included ON t ((a * 2)) INCLUDE (s);
ALTER INDEX lowered ALTER COLUMN 1 SET STATISTICS 20;
