CREATE TABLE t (id integer PRIMARY KEY, a integer UNIQUE, b integer CONSTRAINT "b ""1""" UNIQUE);
COMMENT ON INDEX t_pkey IS 'finds it''s row';
COMMENT ON INDEX t_a_key IS 'goes';
COMMENT ON CONSTRAINT t_a_key ON t IS 'another one';
