CREATE TABLE t (a integer UNIQUE, b integer CONSTRAINT b_once UNIQUE NULLS NOT DISTINCT DEFERRABLE, c integer);
CREATE UNIQUE INDEX t_c ON t (c);
CREATE UNIQUE INDEX t_cb ON t (c, b) NULLS NOT DISTINCT WHERE a > 0;
CREATE TABLE people (id integer, kind integer, PRIMARY KEY (id, kind));
CREATE TABLE visits (person integer, kind integer, CONSTRAINT who FOREIGN KEY (person, kind) REFERENCES people ON DELETE SET DEFAULT (kind, person));
