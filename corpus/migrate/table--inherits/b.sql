CREATE TABLE base (id bigint NOT NULL, name text DEFAULT 'm', more integer DEFAULT 4, CONSTRAINT id_positive CHECK (id > 1));
CREATE TABLE child (own text) INHERITS (base);
CREATE TABLE grandchild () INHERITS (child);
CREATE INDEX grandchild_more ON grandchild (more);
CREATE TABLE second (id bigint NOT NULL, flag boolean);
CREATE TABLE both (z integer) INHERITS (second);
CREATE TABLE stray (id bigint NOT NULL, name text, more integer, CONSTRAINT id_positive CHECK (id > 1));
ALTER TABLE stray INHERIT base;
