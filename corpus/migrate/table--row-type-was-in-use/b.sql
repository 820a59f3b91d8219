CREATE TABLE t (a bigint);
CREATE TABLE w (i integer);
