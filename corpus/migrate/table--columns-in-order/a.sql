CREATE TABLE t (b integer, y text);
