CREATE SCHEMA "S";
CREATE TABLE addresses (zip text, city text, "Country" varchar(30), street text);
CREATE STATISTICS "S"."city & zip" (dependencies, ndistinct) ON zip, city FROM addresses;
CREATE STATISTICS most ON city, "Country" FROM addresses;
DO $do$
BEGIN
    IF current_setting('server_version_num')::integer >= 140000 THEN
        EXECUTE 'CREATE STATISTICS lowered ON (upper(city)), zip FROM addresses';
    END IF;
END
$do$;
