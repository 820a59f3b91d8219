CREATE TYPE "Float span" AS RANGE (subtype = numeric);
CREATE TYPE word_span AS RANGE (subtype = text, subtype_opclass = text_pattern_ops);
COMMENT ON TYPE word_span IS 'from a to z';
