CREATE SCHEMA "My.types";
CREATE DOMAIN "My.types"."Amount" AS numeric(9, 2);
CREATE DOMAIN "My.types".nested AS "My.types"."Amount";
CREATE DOMAIN "My.types".checked AS text CHECK (VALUE <> '');
CREATE TABLE t (same numeric(9, 2), wider numeric(7, 2), other integer, checked text, short varchar(3), list text[]);
