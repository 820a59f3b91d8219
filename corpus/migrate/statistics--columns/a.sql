CREATE SCHEMA "S";
CREATE TABLE addresses (city text, zip text, "Country" text, street text);
CREATE STATISTICS "S"."city & zip" (dependencies) ON zip, city FROM addresses;
COMMENT ON STATISTICS "S"."city & zip" IS 'it''s all one';
CREATE STATISTICS most ON "Country", city FROM addresses;
ALTER STATISTICS most SET STATISTICS 50;
CREATE STATISTICS gone (ndistinct, mcv) ON city, street FROM addresses;
DO $do$
BEGIN
    IF current_setting('server_version_num')::integer >= 140000 THEN
        EXECUTE 'CREATE STATISTICS lowered ON (lower(city)), zip FROM addresses';
        EXECUTE 'CREATE STATISTICS alone ON (length(zip) + 1) FROM addresses';
    END IF;
END
$do$;
