CREATE COLLATION "Ignore case" (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE COLLATION german (provider = icu, locale = 'de');
CREATE COLLATION mixed (provider = libc, lc_collate = 'POSIX', lc_ctype = 'C');
CREATE DOMAIN word AS text COLLATE "Ignore case";
CREATE VIEW v AS SELECT 'a'::text COLLATE german AS a;
CREATE TABLE t (a text COLLATE german);
