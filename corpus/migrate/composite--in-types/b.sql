-- The server takes attributes away under types that contain the type, and under what holds their values.
CREATE TYPE version AS (major integer, minor integer, build text);
CREATE FUNCTION is_valid(version) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.major >= 0';
CREATE DOMAIN release AS version CHECK (is_valid(VALUE));
CREATE FUNCTION to_text(release) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1).major::text';
CREATE TYPE span AS (first release, last release);
CREATE TABLE package (
    id integer PRIMARY KEY,
    release release NOT NULL,
    label text GENERATED ALWAYS AS (to_text(release)) STORED
);
CREATE TABLE support (of integer REFERENCES package, span span, spans span[]);
