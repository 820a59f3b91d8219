CREATE TYPE size AS ENUM ('s', 'l');
CREATE DOMAIN fit AS size;
CREATE TABLE shirts (id integer, size size DEFAULT 's', fit fit);
