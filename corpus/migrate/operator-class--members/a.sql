CREATE FUNCTION compare(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT btint4cmp($1, $2) $$;
CREATE OPERATOR CLASS "Backwards" FOR TYPE integer USING btree AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 compare(integer, integer);
COMMENT ON OPERATOR CLASS "Backwards" USING btree IS 'from high to low';
CREATE OPERATOR FAMILY near USING gist;
CREATE OPERATOR CLASS near_point FOR TYPE point USING gist FAMILY near AS
    OPERATOR 1 <<, OPERATOR 15 <-> (point, point) FOR ORDER BY float_ops,
    FUNCTION 1 gist_point_consistent(internal, point, smallint, oid, internal), FUNCTION 2 gist_box_union(internal, internal),
    FUNCTION 3 gist_point_compress(internal), FUNCTION 5 gist_box_penalty(internal, internal, internal),
    FUNCTION 6 gist_box_picksplit(internal, internal), FUNCTION 7 gist_box_same(box, box, internal),
    FUNCTION 8 gist_point_distance(internal, point, smallint, oid, internal), STORAGE box;
CREATE TABLE t (a integer, p point);
CREATE INDEX backwards ON t (a "Backwards");
CREATE TYPE tone AS ENUM ('light', 'dark');
CREATE OPERATOR CLASS tones DEFAULT FOR TYPE tone USING hash AS OPERATOR 1 = (anyenum, anyenum), FUNCTION 1 hashenum(anyenum);
