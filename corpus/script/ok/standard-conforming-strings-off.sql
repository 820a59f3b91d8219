CREATE TABLE t (a text);
SET escape_string_warning = off;
SET standard_conforming_strings = off;
INSERT INTO t VALUES ('it\'s; '), ('\\');
SET standard_conforming_strings TO 'on';
INSERT INTO t VALUES ('\'); INSERT INTO t VALUES ('b');
