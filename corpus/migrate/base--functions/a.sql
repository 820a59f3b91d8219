CREATE TYPE word;
CREATE FUNCTION word_in(cstring) RETURNS word LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION word_out(word) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE FUNCTION word_send(word) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'textsend';

CREATE TYPE word (INPUT = word_in, OUTPUT = word_out, DEFAULT = 'it''s', COLLATABLE = true, CATEGORY = 'S', DELIMITER = ';');
CREATE TYPE never_made;
CREATE TYPE "Gone too";
CREATE FUNCTION gone_in(cstring) RETURNS "Gone too" LANGUAGE internal IMMUTABLE STRICT AS 'int8in';
CREATE FUNCTION gone_out("Gone too") RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int8out';
CREATE TYPE "Gone too" (INPUT = gone_in, OUTPUT = gone_out, INTERNALLENGTH = 8, PASSEDBYVALUE, ALIGNMENT = double);
CREATE FUNCTION twice("Gone too") RETURNS "Gone too"[] LANGUAGE sql AS $$ SELECT ARRAY[$1, $1] $$;
CREATE TABLE words (a word);
COMMENT ON TYPE word IS 'a word';
