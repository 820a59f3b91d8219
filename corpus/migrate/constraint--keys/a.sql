CREATE TABLE t (a integer, b integer, c integer, d text, CONSTRAINT t_key PRIMARY KEY (a, b) INCLUDE (d) WITH (fillfactor = 60), UNIQUE (c) DEFERRABLE INITIALLY DEFERRED, CONSTRAINT gone UNIQUE (d));
CREATE TABLE u (a integer, b integer, FOREIGN KEY (a, b) REFERENCES t);
COMMENT ON CONSTRAINT t_key ON t IS 'the key';
