CREATE TYPE named AS RANGE (subtype = text, multirange_type_name = "Many named");
CREATE TYPE chosen AS RANGE (subtype = float8);
CREATE TABLE t (many "Many named", plain int4multirange DEFAULT '{[1,2)}');
CREATE FUNCTION first_of(many "Many named") RETURNS text LANGUAGE sql RETURN lower(many);
CREATE FUNCTION last_of(many chosen_multirange) RETURNS float8 LANGUAGE sql RETURN upper(many);
