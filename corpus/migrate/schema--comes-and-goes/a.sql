CREATE SCHEMA old;
CREATE TYPE old.mood AS ENUM ('sad');
CREATE SEQUENCE old.s;
CREATE TABLE old.t (id integer DEFAULT nextval('old.s') PRIMARY KEY, m old.mood);
CREATE VIEW old.v AS SELECT * FROM old.t;
CREATE FUNCTION old.f(t old.t) RETURNS SETOF old.v LANGUAGE sql AS $$ SELECT * FROM old.v $$;
CREATE VIEW old.w AS SELECT (f).id FROM old.t t, LATERAL old.f(t) f;
CREATE TABLE keeps (a integer);
