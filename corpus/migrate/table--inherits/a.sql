CREATE TABLE base (id integer NOT NULL, name text DEFAULT 'n', extra text, CONSTRAINT id_positive CHECK (id > 0));
CREATE TABLE child (id integer, own text NOT NULL) INHERITS (base);
CREATE TABLE grandchild () INHERITS (child);
ALTER TABLE child ALTER name DROP DEFAULT;
ALTER TABLE grandchild ALTER extra SET NOT NULL;
CREATE INDEX child_name ON child (name);
CREATE TABLE second (id integer NOT NULL, flag boolean);
CREATE TABLE both (z integer) INHERITS (base, second);
CREATE TABLE stray (id integer NOT NULL, name text, extra text, CONSTRAINT id_positive CHECK (id > 0));
