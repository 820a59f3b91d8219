CREATE TYPE word;
CREATE FUNCTION word_in(cstring) RETURNS word LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION word_out(word) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE FUNCTION word_send(word) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'textsend';

CREATE FUNCTION word_recv(internal) RETURNS word LANGUAGE internal STABLE STRICT AS 'textrecv';
CREATE TYPE word (INPUT = word_in, OUTPUT = word_out, RECEIVE = word_recv, SEND = word_send, DEFAULT = 'it''s', COLLATABLE = true, CATEGORY = 'S', DELIMITER = ';');
CREATE TYPE never_made;
CREATE FUNCTION made_in(cstring) RETURNS never_made LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION made_out(never_made) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE never_made (INPUT = made_in, OUTPUT = made_out, LIKE = integer);
CREATE TABLE words (a word);
CREATE TABLE made (a never_made, b never_made[]);
