CREATE TABLE t (id integer, name varchar(10) COLLATE "C");
CREATE VIEW one AS SELECT id, name FROM t;
CREATE VIEW two AS SELECT id, name FROM one;
CREATE OR REPLACE VIEW one AS SELECT id, name FROM two;
CREATE VIEW reader AS SELECT id FROM two;
CREATE FUNCTION count_three() RETURNS bigint LANGUAGE sql AS 'SELECT 1';
CREATE TABLE three (id integer DEFAULT count_three());
CREATE OR REPLACE FUNCTION count_three() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM three; END;
