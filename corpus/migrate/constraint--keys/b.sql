CREATE TABLE t (a integer, b integer, c integer, d text, CONSTRAINT t_key PRIMARY KEY (b, a) WITH (fillfactor = 70), UNIQUE (c), UNIQUE (d, c));
CREATE TABLE u (a integer, b integer, FOREIGN KEY (a, b) REFERENCES t (a, b));
