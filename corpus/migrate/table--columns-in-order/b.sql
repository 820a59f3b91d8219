CREATE TYPE color AS ENUM ('red', 'green');
CREATE TABLE t (b integer, y text, z integer, a color DEFAULT 'red', x integer NOT NULL, c text);
