CREATE SCHEMA app;
CREATE TABLE app.users (id int PRIMARY KEY, name varchar(99), secret text);
CREATE PUBLICATION of_columns FOR TABLE app.users (id) WHERE (name = 'c');
CREATE PUBLICATION of_schemas FOR TABLES IN SCHEMA app;
CREATE PUBLICATION of_both FOR TABLES IN SCHEMA app, TABLE app.users;
