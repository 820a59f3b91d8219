CREATE DOMAIN state AS text CHECK (VALUE IN ('new', 'done', 'late'));
CREATE TABLE task (id integer PRIMARY KEY, state state NOT NULL DEFAULT 'new');
CREATE VIEW open AS SELECT id FROM task WHERE state = 'new';
