CREATE TABLE item (
    id integer PRIMARY KEY,
    price bigint NOT NULL DEFAULT 0,
    code text DEFAULT 'z',
    twice integer GENERATED ALWAYS AS (id * 2) STORED,
    CONSTRAINT not_negative CHECK (price >= 0)
);
CREATE TABLE line (item integer REFERENCES item (id), amount integer);
CREATE INDEX item_price ON item (price) INCLUDE (code);
CREATE INDEX item_code ON item (lower(code));
CREATE VIEW prices AS SELECT id, price, code FROM item;
CREATE VIEW cheap AS SELECT id FROM prices WHERE price < 10;
CREATE MATERIALIZED VIEW total AS SELECT sum(price) AS total FROM item;
ALTER TABLE item ENABLE ROW LEVEL SECURITY;
CREATE POLICY shown ON item FOR SELECT USING (price < 1000);
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE OF price ON item FOR EACH ROW WHEN (NEW.price > 5) EXECUTE FUNCTION touched();
COMMENT ON VIEW prices IS 'what things cost';
COMMENT ON INDEX item_price IS 'by price';
COMMENT ON POLICY shown ON item IS 'not the dear ones';
