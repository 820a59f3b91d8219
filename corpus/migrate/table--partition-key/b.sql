CREATE TABLE t (kind text) PARTITION BY LIST (kind);
