CREATE TABLE t (a integer PRIMARY KEY, b integer GENERATED ALWAYS AS (a * 2) STORED);
CREATE PUBLICATION p FOR TABLE t;
CREATE PUBLICATION q FOR TABLE t WITH (publish_generated_columns = stored, publish = 'insert');
CREATE PUBLICATION r FOR TABLE t (a);
