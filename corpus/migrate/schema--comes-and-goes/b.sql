CREATE SCHEMA app;
CREATE SCHEMA empty;
CREATE DOMAIN app.id AS bigint CHECK (VALUE > 0);
CREATE TABLE app.parent (id app.id PRIMARY KEY, created timestamptz NOT NULL DEFAULT now());
CREATE TABLE app.child (parent app.id NOT NULL REFERENCES app.parent, n integer GENERATED ALWAYS AS IDENTITY, UNIQUE (parent, n));
CREATE MATERIALIZED VIEW app.latest AS SELECT max(created) AS created FROM app.parent;
CREATE TABLE keeps (a integer, b app.id);
