SELECT current_setting('server_version_num')::integer >= 150000 AS has_unlogged \gset
CREATE TABLE t (a integer GENERATED ALWAYS AS IDENTITY, b integer);
CREATE UNLOGGED TABLE u (a integer GENERATED ALWAYS AS IDENTITY);
\if :has_unlogged
ALTER SEQUENCE t_a_seq SET UNLOGGED;
ALTER SEQUENCE u_a_seq SET LOGGED;
\endif
