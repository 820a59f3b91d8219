CREATE TYPE mood AS ENUM ('awful', 'sad', 'so so', 'ok', 'it''s fine');
COMMENT ON TYPE mood IS 'how one feels';
