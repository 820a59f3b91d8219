CREATE TABLE t (a integer, b text, c integer, d text,
    CONSTRAINT between_and CHECK (a BETWEEN 1 AND 20 AND c > 0),
    CONSTRAINT symmetric_or CHECK ((a >= 10 AND a <= 1) OR (a BETWEEN SYMMETRIC 10 AND 1 OR c > 0)),
    CONSTRAINT in_or CHECK (b IS NULL OR a IN (1, c) OR c > 4),
    CONSTRAINT rows_differ CHECK (ROW(a, b) IS DISTINCT FROM ROW(c, d) OR a > 1),
    CONSTRAINT rows_equal CHECK ((a, c) = (1, 2) AND (b = 'x' OR ((a, c) <> (3, 4) OR d IS NULL))));
CREATE DOMAIN percent AS integer CHECK (VALUE BETWEEN 0 AND 100 AND VALUE <> 51);
CREATE INDEX part ON t (a) WHERE a BETWEEN 1 AND 10 AND c > 1;
CREATE POLICY p ON t USING (a NOT BETWEEN 1 AND 10 OR b <> current_user);
