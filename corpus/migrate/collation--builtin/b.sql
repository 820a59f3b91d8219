CREATE COLLATION plain (provider = builtin, locale = 'C.UTF-8');
CREATE TABLE t ();
