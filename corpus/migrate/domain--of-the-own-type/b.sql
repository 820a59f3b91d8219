CREATE SCHEMA "My.types";
CREATE DOMAIN "My.types"."Amount" AS numeric(9, 2);
CREATE DOMAIN "My.types".nested AS "My.types"."Amount";
CREATE DOMAIN "My.types".checked AS text CHECK (VALUE <> '');
CREATE TABLE t (
    same "My.types"."Amount", wider "My.types".nested, other "My.types".nested, checked "My.types".checked, short "My.types".checked,
    list "My.types".checked[]
);
