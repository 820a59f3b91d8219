-- A trigger stays, or goes, whatever becomes of the partitions that have copies of it.
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TABLE p (a integer) PARTITION BY LIST (a);
CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE q (a integer) PARTITION BY LIST (a);
CREATE TABLE q_1 PARTITION OF q FOR VALUES IN (1);
CREATE TRIGGER stays AFTER INSERT ON q FOR EACH ROW EXECUTE FUNCTION touch();
