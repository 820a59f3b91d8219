CREATE SUBSCRIPTION kept CONNECTION 'dbname=b' PUBLICATION p WITH (connect = false, slot_name = 'x', two_phase = true);
CREATE SUBSCRIPTION plain CONNECTION 'dbname=b' PUBLICATION p WITH (connect = false, slot_name = NONE, disable_on_error = true);
