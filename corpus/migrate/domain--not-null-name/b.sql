CREATE DOMAIN plain AS text;
DO $do$
BEGIN
    IF current_setting('server_version_num')::integer >= 170000 THEN
        CREATE DOMAIN named AS text CHECK (VALUE <> '');
        CREATE DOMAIN renamed AS integer CONSTRAINT "new ""name""" NOT NULL;
        CREATE DOMAIN later AS integer CONSTRAINT now NOT NULL;
    END IF;
END
$do$;
