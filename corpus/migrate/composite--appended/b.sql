CREATE TYPE pair AS (a integer, b text, c date);
COMMENT ON COLUMN pair.c IS 'since';
CREATE TABLE pairs (id integer, p pair, ps pair[]);
