CREATE TABLE notes (id bigint PRIMARY KEY, body text);
CREATE TABLE log (what text, at timestamptz DEFAULT now());
CREATE VIEW "Short notes" AS SELECT id, left(body, 10) AS body FROM notes;
CREATE RULE "on insert" AS ON INSERT TO "Short notes" DO INSTEAD INSERT INTO notes VALUES (NEW.id, upper(NEW.body));
CREATE RULE no_delete AS ON DELETE TO notes WHERE OLD.id < 20 DO INSTEAD NOTHING;
