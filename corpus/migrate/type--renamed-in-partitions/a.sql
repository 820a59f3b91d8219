-- Columns of partitions and children follow those of their parents to a type of another name.
CREATE DOMAIN short AS text;
CREATE TYPE letter AS ENUM ('x', 'y');
CREATE TYPE pair AS (one integer);
CREATE TABLE p (a integer, d short, e letter, c pair) PARTITION BY LIST (a);
CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE q (d short);
CREATE TABLE q_1 () INHERITS (q);
