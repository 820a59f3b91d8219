CREATE TYPE mood AS ENUM ('gone', 'sad');
CREATE TYPE "Point 2" AS (y bigint, x integer, mood mood, label text, z integer);
CREATE TABLE places (id integer PRIMARY KEY, at "Point 2" DEFAULT ROW(2, 1, 'sad', 'a', 3)::"Point 2",
    CONSTRAINT x CHECK (id = 0 OR (at).x = id),
    CONSTRAINT y CHECK (id = 0 OR (at).y = id * 10),
    CONSTRAINT label CHECK (id = 0 OR (at).label = 'l' || id),
    CONSTRAINT mood CHECK (id = 0 OR (at).mood = 'gone'));
CREATE VIEW labels AS SELECT id, (at).label FROM places;
