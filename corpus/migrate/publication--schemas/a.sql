CREATE SCHEMA app;
CREATE SCHEMA gone;
CREATE TABLE app.users (id int PRIMARY KEY, name text, secret text);
CREATE PUBLICATION of_columns FOR TABLE app.users (name, id) WHERE (id > 3 AND name IN ('a', 'b'));
CREATE PUBLICATION of_schemas FOR TABLES IN SCHEMA app, gone;
