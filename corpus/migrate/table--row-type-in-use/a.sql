CREATE TABLE t (a integer);
CREATE DOMAIN d AS t;
CREATE TYPE c AS (x t);
CREATE TABLE u (plain t, many t[], named d, within c);
