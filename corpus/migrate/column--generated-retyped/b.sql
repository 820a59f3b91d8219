CREATE TABLE t (a integer, b text GENERATED ALWAYS AS (a * 2) STORED, c bigint GENERATED ALWAYS AS (a * 3) STORED, kept text);
CREATE INDEX t_b ON t (b);
