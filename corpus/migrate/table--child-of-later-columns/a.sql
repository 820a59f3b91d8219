CREATE TABLE parent (id integer, x text, y text);
