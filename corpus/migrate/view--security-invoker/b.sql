CREATE VIEW asked AS SELECT 1 AS one;
CREATE VIEW two WITH (security_invoker = false) AS SELECT 1 AS one;
CREATE VIEW plain WITH (security_invoker = true) AS SELECT 1 AS one;
