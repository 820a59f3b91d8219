CREATE TABLE t (a text, b text, c numeric, d integer, e bytea);
ALTER TABLE t ALTER a SET STORAGE EXTERNAL, ALTER b SET STATISTICS 500, ALTER c SET STORAGE EXTENDED, ALTER d SET (n_distinct = 5, n_distinct_inherited = -0.5);
GRANT SELECT (a), UPDATE (a, b) ON t TO PUBLIC;
COMMENT ON COLUMN t.a IS 'first';
