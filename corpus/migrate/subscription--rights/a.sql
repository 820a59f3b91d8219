CREATE SUBSCRIPTION kept CONNECTION 'dbname=b' PUBLICATION p WITH (connect = false, slot_name = NONE, streaming = parallel, origin = none, password_required = false, run_as_owner = true);
CREATE SUBSCRIPTION plain CONNECTION 'dbname=b' PUBLICATION p WITH (connect = false, slot_name = NONE);
