CREATE TYPE mood AS ENUM ('sad', 'ok', 'gone');
CREATE TABLE person (id integer, m mood DEFAULT 'ok') PARTITION BY RANGE (id);
CREATE TABLE person_1 PARTITION OF person FOR VALUES FROM (0) TO (10);
CREATE TABLE person_2 PARTITION OF person FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
CREATE TABLE person_2a PARTITION OF person_2 FOR VALUES FROM (10) TO (20);
CREATE TABLE parent (m mood);
CREATE TABLE child (own mood) INHERITS (parent);
