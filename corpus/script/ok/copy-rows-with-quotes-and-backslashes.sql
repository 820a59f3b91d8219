CREATE TABLE t (a int, b text);
COPY t (a, b) FROM stdin; -- a comment between COPY and its data
1	it's "quoted"; -- no comment
2	a\\b\tc\n/* d
3	\N
4	$$ \x5c. \\.
\.
SELECT count(*) FROM t;
COPY t FROM STDIN WITH (FORMAT csv, HEADER true);
a,b
5,"line one
line two; it's"
\.
COPY public.t (a) FROM stdin;
\.
