CREATE SUBSCRIPTION kept CONNECTION 'host=a dbname=b' PUBLICATION p, "Q" WITH (connect = false);
CREATE SUBSCRIPTION gone CONNECTION 'dbname=c' PUBLICATION p WITH (connect = false, slot_name = 'other', binary = true);
