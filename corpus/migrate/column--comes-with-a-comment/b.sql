CREATE TABLE zoo (day date NOT NULL, added text, more integer) PARTITION BY RANGE (day);
CREATE TABLE a PARTITION OF zoo FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
COMMENT ON COLUMN a.added IS 'of the first half';
GRANT SELECT (added), UPDATE (more) ON a TO PUBLIC;
CREATE INDEX ON zoo (added);
COMMENT ON INDEX a_added_idx IS 'of the first half, too';
