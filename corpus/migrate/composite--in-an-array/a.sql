CREATE TYPE pair AS (a integer, b integer);
CREATE TABLE pairs (id integer, ps pair[]);
