CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, kind text NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (kind);
CREATE TABLE events_2_x PARTITION OF events_2 FOR VALUES IN ('x');
CREATE INDEX events_kind ON events (kind);
CREATE INDEX events_at ON events (at);
ALTER TABLE events ADD CONSTRAINT events_key PRIMARY KEY (id, at, kind);
CREATE TABLE uses (id bigint, at date, kind text, FOREIGN KEY (id, at, kind) REFERENCES events);
