CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED, c text GENERATED ALWAYS AS (a * 3) STORED, kept text);
CREATE INDEX t_b ON t (b);
