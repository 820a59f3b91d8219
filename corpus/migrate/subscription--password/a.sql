-- The password is what a snapshot has in place of any.
CREATE SUBSCRIPTION kept CONNECTION 'host=a dbname=b password=not-in-the-snapshot' PUBLICATION p WITH (connect = false);
