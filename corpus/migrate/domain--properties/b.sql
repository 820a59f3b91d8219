CREATE DOMAIN "E mail" AS text COLLATE "C" CONSTRAINT "has @" CHECK (VALUE LIKE '%@%') CONSTRAINT long CHECK (length(VALUE) < 100);
CREATE DOMAIN plain AS numeric(10,2) DEFAULT 0 NOT NULL;
ALTER DOMAIN plain ADD CONSTRAINT positive CHECK (VALUE >= 0) NOT VALID;
CREATE DOMAIN checked AS integer CONSTRAINT small CHECK (VALUE < 10);
CREATE TABLE people (id integer, mail "E mail", others "E mail"[], amount plain);
