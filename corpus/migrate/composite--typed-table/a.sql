CREATE TYPE person AS (id integer, name text);
CREATE TABLE people OF person (PRIMARY KEY (id));
CREATE TABLE others (p person, ps person[]);
