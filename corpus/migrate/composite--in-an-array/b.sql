CREATE TYPE pair AS (b integer, a integer);
CREATE TABLE pairs (id integer, ps pair[]);
