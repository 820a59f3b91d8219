CREATE TABLE t (a int,
  b int;
SELECT 1;
