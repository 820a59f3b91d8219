CREATE TABLE events (at date NOT NULL, kind text NOT NULL, other text) PARTITION BY RANGE (at);
CREATE TABLE events_1 (at date NOT NULL, kind text NOT NULL, other text);
ALTER TABLE events ATTACH PARTITION events_1 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
