SELECT current_setting('server_version_num')::integer >= 170000 AS has_builtin \gset
\if :has_builtin
CREATE COLLATION plain (provider = builtin, locale = 'C');
\endif
