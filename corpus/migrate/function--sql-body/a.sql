CREATE TABLE accounts (id integer PRIMARY KEY, balance numeric);
DO $do$
BEGIN
    IF current_setting('server_version_num')::integer >= 140000 THEN
        EXECUTE 'CREATE FUNCTION double_it(n integer) RETURNS integer LANGUAGE sql RETURN n * 2';
        EXECUTE 'CREATE FUNCTION "Rich ones"(lowest numeric DEFAULT 10) RETURNS SETOF accounts LANGUAGE sql STABLE
                 BEGIN ATOMIC SELECT id, balance FROM accounts WHERE balance > lowest; SELECT id, CASE WHEN balance > 0 THEN balance END FROM accounts; END';
    END IF;
END
$do$;
