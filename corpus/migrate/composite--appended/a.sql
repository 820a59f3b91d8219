CREATE TYPE pair AS (a integer, b text);
CREATE TABLE pairs (id integer, p pair, ps pair[]);
