CREATE TABLE parted (id bigint NOT NULL, at date NOT NULL, value numeric NOT NULL, note text DEFAULT 'x', more integer, CHECK (value > 0), PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE parted_old (id bigint NOT NULL, at date, value numeric NOT NULL, note varchar(20), more integer, CONSTRAINT parted_value_check CHECK (value > 0));
CREATE TABLE parted_new PARTITION OF parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE parent (a integer NOT NULL, b text, CHECK (a > 0));
CREATE TABLE child (a bigint, c integer);
