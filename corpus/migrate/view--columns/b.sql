DO $$ BEGIN CREATE ROLE corpus_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE corpus_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE TABLE t (id bigint, price numeric(8,2), note text);
CREATE VIEW prices AS SELECT id, price, note FROM t;
ALTER VIEW prices ALTER COLUMN id SET DEFAULT 1;
COMMENT ON COLUMN prices.price IS 'EUR';
GRANT SELECT (id, price) ON prices TO corpus_reader;
