CREATE TABLE base (id bigint NOT NULL, name text DEFAULT 'm', more integer DEFAULT 4, CONSTRAINT id_positive CHECK (id > 1));
CREATE TABLE child (id bigint, own text) INHERITS (base);
CREATE TABLE grandchild () INHERITS (child);
CREATE INDEX grandchild_more ON grandchild (more);
CREATE TABLE second (id integer NOT NULL, flag boolean DEFAULT true);
CREATE TABLE third (id integer NOT NULL, word varchar(9));
CREATE TABLE twofold (z integer) INHERITS (second, third);
CREATE TABLE stray (id integer NOT NULL, word varchar(9));
ALTER TABLE stray INHERIT third;
