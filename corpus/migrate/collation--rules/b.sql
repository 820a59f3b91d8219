SELECT current_setting('server_version_num')::integer >= 160000 AS has_rules \gset
\if :has_rules
CREATE COLLATION custom (provider = icu, locale = 'und', rules = '&b < ''h');
\endif
CREATE TABLE t ();
