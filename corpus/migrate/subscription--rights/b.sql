CREATE SUBSCRIPTION kept CONNECTION 'dbname=b' PUBLICATION p WITH (connect = false, slot_name = NONE, streaming = on, origin = any, run_as_owner = false);
CREATE SUBSCRIPTION plain CONNECTION 'dbname=b' PUBLICATION p WITH (connect = false, slot_name = NONE, origin = none, password_required = false, run_as_owner = true);
