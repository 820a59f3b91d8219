CREATE SUBSCRIPTION kept CONNECTION 'host=a dbname=b application_name=''<c>&''' PUBLICATION p, "Q" WITH (connect = false);
CREATE SUBSCRIPTION gone CONNECTION 'dbname=c' PUBLICATION p WITH (connect = false, slot_name = 'other', synchronous_commit = remote_apply);
