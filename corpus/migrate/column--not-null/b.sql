CREATE TABLE t (a integer, b integer NOT NULL, c integer, d integer PRIMARY KEY, e text, f text NOT NULL DEFAULT 'f');
