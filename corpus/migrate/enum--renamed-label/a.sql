CREATE TYPE state AS ENUM ('new', 'open', 'it''s over');
CREATE TABLE ticket (
    id integer PRIMARY KEY,
    state state NOT NULL DEFAULT 'open',
    past state[] DEFAULT '{new,open}',
    is_over boolean GENERATED ALWAYS AS (state = 'it''s over') STORED,
    CONSTRAINT known CHECK (state <> 'new' OR id > 0)
);
CREATE INDEX ticket_open ON ticket (id) WHERE state = 'open';
CREATE VIEW over AS SELECT id FROM ticket WHERE state = 'it''s over';
CREATE MATERIALIZED VIEW opened AS SELECT id FROM ticket WHERE state = ANY ('{new,open}'::state[]);
ALTER TABLE ticket ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON ticket USING (state = 'open');
