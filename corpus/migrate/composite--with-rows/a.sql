CREATE TYPE mood AS ENUM ('sad', 'gone');
CREATE TYPE "Point 2" AS (x integer, y integer, label varchar(10), mood mood);
CREATE TABLE places (id integer PRIMARY KEY, at "Point 2" DEFAULT ROW(1, 2, 'a', 'sad')::"Point 2");
CREATE VIEW labels AS SELECT id, (at).label FROM places;
