CREATE TABLE t (a integer UNIQUE NULLS NOT DISTINCT, b integer CONSTRAINT b_once UNIQUE, c integer);
CREATE UNIQUE INDEX t_c ON t (c) NULLS NOT DISTINCT;
CREATE UNIQUE INDEX t_cb ON t (c, b) INCLUDE (a) NULLS NOT DISTINCT WHERE a > 0;
CREATE TABLE people (id integer, kind integer, PRIMARY KEY (id, kind));
CREATE TABLE visits (person integer, kind integer, CONSTRAINT who FOREIGN KEY (person, kind) REFERENCES people ON DELETE SET NULL (person));
