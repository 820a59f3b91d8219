CREATE TYPE mood AS ENUM ('sad', 'ok', 'gone', 'happy');
CREATE FUNCTION is_good(m mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT m::text <> 'sad' $$;
CREATE FUNCTION typical() RETURNS mood LANGUAGE sql AS $$ SELECT 'ok'::public.mood $$;
CREATE DOMAIN public_mood AS mood CHECK (VALUE <> 'sad');
CREATE TABLE person (
    id integer PRIMARY KEY,
    m mood NOT NULL DEFAULT 'ok',
    typical mood DEFAULT typical(),
    history mood[] DEFAULT '{ok,happy}',
    shown public_mood,
    CONSTRAINT good CHECK (is_good(m))
);
COMMENT ON COLUMN person.m IS 'how they feel';
CREATE INDEX person_m ON person (m) WHERE m <> 'happy';
CREATE INDEX person_good ON person (is_good(m));
CREATE VIEW moody AS SELECT id, m FROM person WHERE m = 'ok';
CREATE VIEW moodier AS SELECT id FROM moody;
CREATE MATERIALIZED VIEW counted AS SELECT m, count(*) FROM person GROUP BY m;
CREATE UNIQUE INDEX counted_m ON counted (m);
ALTER TABLE person ENABLE ROW LEVEL SECURITY;
CREATE POLICY not_sad ON person USING (is_good(m) AND m > 'sad');
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON person FOR EACH ROW WHEN (OLD.m <> NEW.m) EXECUTE FUNCTION touched();
