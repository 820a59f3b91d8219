CREATE SCHEMA "Ext 2";
CREATE EXTENSION citext SCHEMA "Ext 2";
COMMENT ON EXTENSION citext IS NULL;
CREATE EXTENSION hstore SCHEMA public;
COMMENT ON EXTENSION hstore IS 'ours';
CREATE EXTENSION pg_trgm SCHEMA "Ext 2";
CREATE TABLE accounts (login "Ext 2".citext PRIMARY KEY, traits hstore DEFAULT ''::hstore);
