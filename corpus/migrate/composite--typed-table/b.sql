CREATE TYPE person AS (id integer, name text, born date);
CREATE TABLE people OF person (PRIMARY KEY (id));
CREATE TABLE others (p person, ps person[]);
CREATE VIEW birthdays AS SELECT (p).born FROM others;
