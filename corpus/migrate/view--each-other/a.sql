CREATE TABLE t (id integer, name varchar(10) COLLATE "C");
