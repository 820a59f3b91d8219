CREATE DOMAIN code AS text CHECK (VALUE <> '');
CREATE DOMAIN short_code AS code CHECK (length(VALUE) < 9);
CREATE TYPE pair AS (left_code code, right_code short_code);
