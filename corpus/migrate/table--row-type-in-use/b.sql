CREATE TABLE t (a bigint);
CREATE DOMAIN d AS t;
CREATE TYPE c AS (x t);
CREATE TABLE u (plain t, many t[], named d, within c);
