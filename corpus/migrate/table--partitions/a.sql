CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY, at date NOT NULL, kind text DEFAULT 'none', note text,
    CONSTRAINT kind_known CHECK (kind <> 'bad')) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_2025 (note text, kind text, at date NOT NULL, id bigint NOT NULL, CONSTRAINT kind_known CHECK (kind <> 'bad'));
ALTER TABLE events ATTACH PARTITION events_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT PARTITION BY LIST (kind);
CREATE TABLE events_rest_x PARTITION OF events_rest FOR VALUES IN ('x', 'y', 'z');
ALTER TABLE events ADD PRIMARY KEY (id, at, kind);
CREATE INDEX events_note ON events (note);
CREATE INDEX own_index ON events_2024 (kind);
CREATE TABLE hashed (a integer, b integer) PARTITION BY HASH (a, (b + 1));
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE people (id integer PRIMARY KEY);
CREATE TABLE visits (person integer REFERENCES people, at date) PARTITION BY RANGE (at);
CREATE TABLE visits_all PARTITION OF visits DEFAULT;
