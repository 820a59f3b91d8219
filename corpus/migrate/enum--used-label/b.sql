CREATE TYPE size AS ENUM ('s', 'm', 'l');
CREATE DOMAIN fit AS size DEFAULT 'm';
CREATE TABLE shirts (id integer, size size DEFAULT 'm', fit fit);
CREATE VIEW middle AS SELECT id FROM shirts WHERE size = ANY ('{s,m}'::size[]);
