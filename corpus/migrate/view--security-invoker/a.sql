CREATE VIEW asked WITH (security_invoker = true) AS SELECT 1 AS one;
CREATE VIEW two WITH (security_barrier = true, security_invoker = on) AS SELECT 1 AS one;
CREATE VIEW plain AS SELECT 1 AS one;
