CREATE TABLE first (id bigint NOT NULL, gone text);
CREATE TABLE stays (id bigint NOT NULL);
CREATE TABLE child (own integer) INHERITS (stays, first);
