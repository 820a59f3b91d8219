CREATE TABLE t (kind text);
