CREATE SUBSCRIPTION kept CONNECTION 'host=a port=6 dbname=b' PUBLICATION "Q" WITH (connect = false, slot_name = NONE, synchronous_commit = local);
COMMENT ON SUBSCRIPTION kept IS 'the other side';
