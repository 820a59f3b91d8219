SELECT current_setting('server_version_num')::integer >= 150000 AS has_unlogged \gset
CREATE TABLE t (a integer GENERATED ALWAYS AS IDENTITY, b integer);
CREATE UNLOGGED TABLE w (a integer GENERATED ALWAYS AS IDENTITY);
\if :has_unlogged
ALTER SEQUENCE w_a_seq SET LOGGED;
\endif
