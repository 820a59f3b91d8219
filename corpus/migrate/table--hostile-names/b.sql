CREATE SCHEMA "we ""ird
schema";
CREATE TABLE "we ""ird
schema"."select" ("from" bigint PRIMARY KEY, "a""b" varchar(40) DEFAULT '', "ünïcödé 漢字" numeric(12,2), " " timestamp, "line
break" bigint NOT NULL DEFAULT 1, "ABC" integer);
CREATE TABLE "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢" ("漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢" integer);
CREATE FUNCTION "Fn ""x"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER " ON t BEFORE" BEFORE DELETE ON "we ""ird
schema"."select" FOR EACH ROW EXECUTE FUNCTION "Fn ""x"();
