CREATE SUBSCRIPTION kept CONNECTION 'host=other dbname=b password=not-in-the-snapshot' PUBLICATION p WITH (connect = false);
