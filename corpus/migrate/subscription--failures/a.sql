CREATE SUBSCRIPTION kept CONNECTION 'dbname=b' PUBLICATION p WITH (connect = false, slot_name = 'x', two_phase = true, disable_on_error = true, streaming = on);
CREATE SUBSCRIPTION plain CONNECTION 'dbname=b' PUBLICATION p WITH (connect = false, slot_name = NONE);
