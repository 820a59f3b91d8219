CREATE COLLATION "Ignore case" (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION german (provider = libc, locale = 'C');
CREATE COLLATION mixed (provider = libc, lc_collate = 'C', lc_ctype = 'POSIX');
COMMENT ON COLLATION german IS 'not really';
CREATE DOMAIN word AS text COLLATE "Ignore case";
CREATE VIEW v AS SELECT 'a'::text COLLATE german AS a;
