CREATE TYPE spot;
CREATE FUNCTION spot_in(cstring) RETURNS spot LANGUAGE internal IMMUTABLE STRICT AS 'point_in';
CREATE FUNCTION spot_out(spot) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
SELECT current_setting('server_version_num')::integer >= 140000 AS has_subscript \gset
\if :has_subscript
CREATE TYPE spot (INPUT = spot_in, OUTPUT = spot_out, INTERNALLENGTH = 16, ALIGNMENT = double, ELEMENT = double precision, SUBSCRIPT = raw_array_subscript_handler);
\else
CREATE TYPE spot (INPUT = spot_in, OUTPUT = spot_out, INTERNALLENGTH = 16, ALIGNMENT = double, ELEMENT = double precision);
\endif
