CREATE TABLE people (id integer PRIMARY KEY, age integer, CONSTRAINT grown CHECK (age > 17), CONSTRAINT sane CHECK (age < 150) NOT ENFORCED, CONSTRAINT loose CHECK (age <> 8) NOT ENFORCED);
CREATE TABLE visits (person integer CONSTRAINT visitor REFERENCES people ON DELETE CASCADE, host integer CONSTRAINT host REFERENCES people NOT ENFORCED, guest integer CONSTRAINT guest REFERENCES people DEFERRABLE NOT ENFORCED);
CREATE TABLE parent (a integer CONSTRAINT positive CHECK (a > 0));
CREATE TABLE child () INHERITS (parent);
