-- The partitions of what foreign keys of a partition refer to.
CREATE TABLE m (a integer, b integer, PRIMARY KEY (a, b)) PARTITION BY LIST (a);
CREATE TABLE m_1 PARTITION OF m FOR VALUES IN (1);
CREATE TABLE m_2 PARTITION OF m FOR VALUES IN (2) PARTITION BY LIST (b);
CREATE TABLE m_2_2 PARTITION OF m_2 FOR VALUES IN (2);
CREATE TABLE s (x integer, a integer, b integer, FOREIGN KEY (a, b) REFERENCES m) PARTITION BY LIST (x);
CREATE TABLE s_1 PARTITION OF s FOR VALUES IN (1);
CREATE TABLE s_2 (x integer, a integer, b integer);
CREATE TABLE u (id integer PRIMARY KEY, up integer REFERENCES u) PARTITION BY LIST (id);
CREATE TABLE u_1 PARTITION OF u FOR VALUES IN (1);
