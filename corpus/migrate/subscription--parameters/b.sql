CREATE SUBSCRIPTION kept CONNECTION 'host=a port=6 dbname=b password=''nor this''' PUBLICATION "Q" WITH (connect = false, slot_name = NONE, synchronous_commit = local, streaming = on);
COMMENT ON SUBSCRIPTION kept IS 'the other side';
