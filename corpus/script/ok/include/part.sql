CREATE TABLE :name (a int);
COPY :name FROM stdin;
1
2
\.
\ir deeper.sql
