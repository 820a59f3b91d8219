CREATE SCHEMA "we ""ird
schema";
CREATE TABLE "we ""ird
schema"."select" ("from" integer PRIMARY KEY, "a""b" text DEFAULT 'it''s \ odd', "ünïcödé 漢字" numeric(10,2), " " date, "line
break" integer, "ABC" integer);
COMMENT ON TABLE "we ""ird
schema"."select" IS E'back\\slash ''quote'' $$dollar$$';
COMMENT ON COLUMN "we ""ird
schema"."select"."a""b" IS '$snapback$';
CREATE INDEX "index; DROP TABLE x" ON "we ""ird
schema"."select" ("a""b" DESC, (lower("a""b")), "line
break") WHERE "ABC" > 0 AND "a""b" <> ' USING btree (';
CREATE TABLE "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢" ("漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢" serial, CONSTRAINT "check (it)" CHECK ("漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢" <> 5));
ALTER TABLE "we ""ird
schema"."select" ADD CONSTRAINT " ON public" FOREIGN KEY ("line
break") REFERENCES "we ""ird
schema"."select" ON DELETE SET NULL;
CREATE FUNCTION "Fn ""x"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER " ON t BEFORE" AFTER UPDATE OF "a""b", "from" ON "we ""ird
schema"."select" FOR EACH ROW EXECUTE FUNCTION "Fn ""x"(' ON "we', 'it''s');
