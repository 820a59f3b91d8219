SET CLIENT_ENCODING=latin1;
CREATE TABLE t (a text);
SET client_encoding TO 'UTF8';
INSERT INTO t VALUES ('é');
