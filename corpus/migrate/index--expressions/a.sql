CREATE TABLE t (a integer, s varchar(10), body text);
CREATE INDEX lowered ON t (lower(s), (a + 1) DESC, s);
CREATE INDEX partial ON t (a) WHERE s IN ('x', 'y') AND a > 0;
CREATE INDEX found ON t USING gin (to_tsvector('english', coalesce(body, ''))) WHERE body IS NOT NULL;
CREATE INDEX included ON t ((a * 2)) INCLUDE (s) WITH (fillfactor = 70);
ALTER INDEX lowered ALTER COLUMN 2 SET STATISTICS 300;
