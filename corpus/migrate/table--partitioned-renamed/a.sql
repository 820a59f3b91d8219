-- The partitions, and the indexes that they are attached by, go over to a parent of another name.
CREATE TABLE i (id integer PRIMARY KEY);
CREATE TABLE log (kind text, item integer REFERENCES i, CHECK (item > 0), CONSTRAINT log_pkey PRIMARY KEY (kind, item)) PARTITION BY LIST (kind);
ALTER TABLE log RENAME CONSTRAINT log_item_fkey TO of_item;
ALTER TABLE log RENAME CONSTRAINT log_item_check TO is_some;
CREATE TABLE log_1 PARTITION OF log FOR VALUES IN ('a');
CREATE TABLE log_2 PARTITION OF log FOR VALUES IN ('b') PARTITION BY LIST (item);
CREATE TABLE log_2x PARTITION OF log_2 FOR VALUES IN (1, 2);
CREATE TABLE log_rest PARTITION OF log DEFAULT;
CREATE INDEX log_item ON log (item);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION touch();
