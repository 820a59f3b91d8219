\set name included
\ir include/part.sql
INSERT INTO included VALUES (3);
