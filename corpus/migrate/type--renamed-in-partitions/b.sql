CREATE DOMAIN brief AS text;
CREATE TYPE sign AS ENUM ('x', 'y');
CREATE TYPE couple AS (one integer);
CREATE TABLE p (a integer, d brief, e sign, c couple) PARTITION BY LIST (a);
CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE q (d brief);
CREATE TABLE q_1 () INHERITS (q);
