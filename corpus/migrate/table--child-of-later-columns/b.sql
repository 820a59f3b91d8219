CREATE TABLE parent (id integer);
CREATE TABLE zoo (own text) INHERITS (parent);
ALTER TABLE parent ADD COLUMN x text, ADD COLUMN y text;
CREATE VIEW a AS SELECT x FROM zoo;
CREATE TABLE b (of_a text);
CREATE RULE r AS ON INSERT TO b DO ALSO UPDATE zoo SET y = NEW.of_a;
ALTER TABLE zoo ADD COLUMN more integer DEFAULT 4;
