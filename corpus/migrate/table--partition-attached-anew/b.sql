CREATE TABLE events (at date NOT NULL, kind text) PARTITION BY RANGE (at);
CREATE TABLE events_rest PARTITION OF events DEFAULT PARTITION BY LIST (kind);
CREATE TABLE events_rest_x PARTITION OF events_rest FOR VALUES IN ('x', 'y', 'z');
CREATE INDEX events_at ON events (at);
