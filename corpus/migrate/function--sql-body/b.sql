CREATE TABLE accounts (id integer PRIMARY KEY, balance numeric, name text);
DO $do$
BEGIN
    IF current_setting('server_version_num')::integer >= 140000 THEN
        EXECUTE 'CREATE FUNCTION double_it(n integer) RETURNS integer LANGUAGE sql AS ''SELECT n * 2''';
        EXECUTE 'CREATE FUNCTION named(who text) RETURNS SETOF accounts LANGUAGE sql BEGIN ATOMIC SELECT * FROM accounts WHERE name = who; END';
    END IF;
END
$do$;
