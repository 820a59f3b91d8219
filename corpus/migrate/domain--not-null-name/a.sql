CREATE DOMAIN plain AS text NOT NULL;
DO $do$
BEGIN
    IF current_setting('server_version_num')::integer >= 170000 THEN
        CREATE DOMAIN named AS text CONSTRAINT "must be" NOT NULL CHECK (VALUE <> '');
        COMMENT ON CONSTRAINT "must be" ON DOMAIN named IS 'it''s needed';
        CREATE DOMAIN renamed AS integer CONSTRAINT old_name NOT NULL;
        CREATE DOMAIN later AS integer;
    END IF;
END
$do$;
