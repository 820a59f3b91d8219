CREATE TABLE p (id bigint PRIMARY KEY, x integer, y integer, UNIQUE (x, y));
CREATE TABLE c (id bigint REFERENCES p ON DELETE SET DEFAULT ON UPDATE RESTRICT, x integer, y integer,
    CONSTRAINT pair FOREIGN KEY (x, y) REFERENCES p (x, y),
    CONSTRAINT self FOREIGN KEY (x) REFERENCES p DEFERRABLE,
    CONSTRAINT late FOREIGN KEY (y) REFERENCES p);
CREATE TABLE ring_a (id integer PRIMARY KEY, b integer);
CREATE TABLE ring_b (id integer PRIMARY KEY, a integer);
