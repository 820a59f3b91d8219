CREATE SUBSCRIPTION kept CONNECTION 'dbname=b' PUBLICATION p WITH (connect = false, slot_name = 'x', failover = true);
