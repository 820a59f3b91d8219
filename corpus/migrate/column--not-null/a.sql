CREATE TABLE t (a integer NOT NULL, b integer, c integer PRIMARY KEY, d integer, e text);
