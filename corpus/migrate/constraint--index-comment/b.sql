CREATE TABLE t (id integer PRIMARY KEY, a integer UNIQUE, b integer CONSTRAINT "b ""1""" UNIQUE);
COMMENT ON INDEX t_pkey IS 'finds another row';
COMMENT ON INDEX "b ""1""" IS 'comes';
