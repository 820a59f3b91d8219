CREATE SCHEMA "App One";
CREATE FUNCTION "App One"."F-x"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION "App One"."F-x"(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
CREATE TABLE "App One"."T ON t" (a integer, " ON ""App One"".t " text, "UPDATE" text, body text, words tsvector);
CREATE TRIGGER none BEFORE INSERT ON "App One"."T ON t" FOR EACH ROW EXECUTE FUNCTION "App One"."F-x"('');
CREATE TRIGGER plain BEFORE INSERT OR DELETE OR UPDATE OF "UPDATE", " ON ""App One"".t " ON "App One"."T ON t"
    FOR EACH ROW EXECUTE FUNCTION "App One"."F-x"('one', '', 'it''s', '$$', '--', '"x", y', 'ON "App One"."T ON t"', '{NULL}');
CREATE TRIGGER escaped BEFORE INSERT ON "App One"."T ON t" FOR EACH ROW EXECUTE FUNCTION "App One"."F-x"(E'a\\b', E'\\000', E'new\nline', 'ä€');
CREATE TRIGGER "same" BEFORE UPDATE ON "App One"."T ON t" FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE TRIGGER searched BEFORE INSERT OR UPDATE ON "App One"."T ON t"
    FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger(words, 'pg_catalog.simple', body);
CREATE TRIGGER "Emptied" AFTER TRUNCATE ON "App One"."T ON t" EXECUTE FUNCTION "App One"."F-x"();
CREATE TRIGGER compared AFTER UPDATE ON "App One"."T ON t" REFERENCING OLD TABLE AS "old" NEW TABLE AS "New rows"
    FOR EACH ROW EXECUTE FUNCTION "App One"."F-x"();
CREATE CONSTRAINT TRIGGER at_once AFTER DELETE ON "App One"."T ON t" NOT DEFERRABLE FOR EACH ROW EXECUTE FUNCTION "App One"."F-x"('x');
CREATE CONSTRAINT TRIGGER later AFTER INSERT OR UPDATE OF a ON "App One"."T ON t" DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION "App One"."F-x"();
