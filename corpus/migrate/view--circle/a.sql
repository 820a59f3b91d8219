CREATE TABLE t (id integer, name varchar(10) COLLATE "C");
CREATE VIEW "Self" AS SELECT id, name FROM t;
CREATE OR REPLACE VIEW "Self" AS SELECT id, name FROM "Self";
CREATE FUNCTION pick("json" integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
