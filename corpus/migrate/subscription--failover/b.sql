CREATE SUBSCRIPTION kept CONNECTION 'dbname=c' PUBLICATION p WITH (connect = false, slot_name = 'x', failover = true);
COMMENT ON SUBSCRIPTION kept IS 'stays with a new primary';
