CREATE TABLE t (a integer);
CREATE TABLE u (y t);
CREATE TABLE w (i integer, y t);
