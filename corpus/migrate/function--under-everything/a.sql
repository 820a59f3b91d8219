CREATE FUNCTION score(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT n * 2 $$;
COMMENT ON FUNCTION score(integer) IS 'twice';
CREATE TABLE game (
    id integer PRIMARY KEY,
    points integer DEFAULT score(3),
    CONSTRAINT positive CHECK (score(points) > 0)
);
CREATE INDEX game_score ON game (score(points));
CREATE VIEW board AS SELECT id, score(points) AS score FROM game;
ALTER TABLE game ENABLE ROW LEVEL SECURITY;
CREATE POLICY winners ON game USING (score(points) > 10);
CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN score(n) * 2;
