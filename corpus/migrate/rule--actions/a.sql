CREATE TABLE notes (id integer PRIMARY KEY, body text);
CREATE TABLE log (what text, at timestamptz DEFAULT now());
CREATE VIEW "Short notes" AS SELECT id, left(body, 10) AS body FROM notes;
CREATE RULE "on insert" AS ON INSERT TO "Short notes" DO INSTEAD (INSERT INTO notes VALUES (NEW.id, NEW.body); INSERT INTO log VALUES ('it''s in'));
COMMENT ON RULE "on insert" ON "Short notes" IS 'it''s a rule';
CREATE RULE no_delete AS ON DELETE TO notes WHERE OLD.id < 10 DO INSTEAD NOTHING;
CREATE RULE gone AS ON UPDATE TO notes DO ALSO NOTIFY notes;
ALTER TABLE notes DISABLE RULE no_delete;
