CREATE TYPE person AS (id integer, name text);
CREATE TABLE people (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE free OF person;
