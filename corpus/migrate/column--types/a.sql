CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN short AS varchar(10);
CREATE TABLE t (
    id integer PRIMARY KEY, grows varchar(20), becomes_text varchar(20) DEFAULT 'z', becomes_number text DEFAULT '7',
    flag integer, day date, stamp timestamp, amount numeric(10,2) DEFAULT 1.5, words text[], feeling text DEFAULT 'ok', felt mood,
    document json, address text, code char(4), name text COLLATE "C", s short, gone text, tags varchar(10)[]);
CREATE INDEX t_grows ON t (grows);
CREATE INDEX t_day ON t (day, becomes_number);
CREATE VIEW v AS SELECT id, grows, upper(becomes_text) AS shout, amount * 2 AS twice FROM t;
CREATE VIEW over_v AS SELECT * FROM v;
ALTER TABLE t ADD CONSTRAINT amount_small CHECK (amount < 1000);
ALTER TABLE t ADD CONSTRAINT feeling_known CHECK (feeling IN ('ok', 'sad', 'happy'));
