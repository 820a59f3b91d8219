CREATE TABLE author (id integer PRIMARY KEY, best integer);
CREATE TABLE book (id serial PRIMARY KEY, author integer REFERENCES author (id), sequel integer REFERENCES book (id));
CREATE TABLE award (book integer REFERENCES book (id) ON DELETE CASCADE, year smallint, PRIMARY KEY (book, year));
ALTER TABLE author ADD CONSTRAINT best FOREIGN KEY (best) REFERENCES book (id) DEFERRABLE INITIALLY DEFERRED;
CREATE VIEW famous AS SELECT a.id FROM author a JOIN award w ON w.book = a.best;
