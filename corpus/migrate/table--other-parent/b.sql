CREATE TABLE first (other integer);
CREATE TABLE stays (id bigint NOT NULL);
CREATE TABLE second (id bigint NOT NULL, gone text);
CREATE TABLE child (own integer) INHERITS (stays, second);
