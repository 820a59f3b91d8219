CREATE DOMAIN code AS integer DEFAULT 7 NOT NULL;
CREATE DOMAIN short_code AS code CHECK (VALUE < 9);
CREATE TYPE pair AS (left_code code, right_code short_code);
