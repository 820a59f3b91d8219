CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN short AS varchar(10);
CREATE TABLE t (
    id bigint PRIMARY KEY, grows varchar(40), becomes_text text DEFAULT 'z', becomes_number integer DEFAULT 7,
    flag boolean, day timestamp, stamp date, amount double precision DEFAULT 1.5, words varchar(30)[], feeling mood DEFAULT 'ok', felt text,
    document jsonb, address inet, code varchar(8), name text, s text, came integer DEFAULT 5, tags text[]);
CREATE INDEX t_grows ON t (grows);
CREATE INDEX t_day ON t (day, becomes_number);
CREATE VIEW v AS SELECT id, grows, upper(becomes_text) AS shout, amount * 2 AS twice FROM t;
CREATE VIEW over_v AS SELECT * FROM v;
ALTER TABLE t ADD CONSTRAINT amount_small CHECK (amount < 1000);
