CREATE TABLE t (a integer, b text, c varchar(10), d text COLLATE "C", e int4range, f text[], g inet);
CREATE UNIQUE INDEX one ON t (a);
CREATE UNIQUE INDEX two ON t (a DESC, b NULLS FIRST, c DESC NULLS LAST, d COLLATE "POSIX") INCLUDE (e) WITH (fillfactor = 50, deduplicate_items = off);
CREATE INDEX patterns ON t (b, c);
CREATE INDEX odd ON t (c, a);
CREATE INDEX ranges ON t USING spgist (e);
CREATE INDEX arrays ON t USING gin (f);
CREATE INDEX brins ON t USING brin (a, g inet_inclusion_ops);
CREATE INDEX collated ON t (b, d);
