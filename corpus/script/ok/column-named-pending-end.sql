CREATE TABLE t (a int, pending_end int);
INSERT INTO t VALUES (1, 2);
CREATE FUNCTION f() RETURNS SETOF int BEGIN ATOMIC SELECT t.pending_end FROM t ORDER BY pending_end; END;
SELECT pending_end FROM t;SELECT 1 AS "end";
