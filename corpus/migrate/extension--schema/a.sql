CREATE SCHEMA ext;
CREATE EXTENSION citext SCHEMA ext;
CREATE EXTENSION hstore SCHEMA public;
CREATE TABLE accounts (login ext.citext PRIMARY KEY, traits hstore DEFAULT ''::hstore);
