CREATE TYPE state AS ENUM ('new', 'doing', 'done');
CREATE TABLE ticket (
    id integer PRIMARY KEY,
    state state NOT NULL DEFAULT 'doing',
    past state[] DEFAULT '{new,doing}',
    is_over boolean GENERATED ALWAYS AS (state = 'done') STORED,
    CONSTRAINT known CHECK (state <> 'new' OR id > 0)
);
CREATE INDEX ticket_open ON ticket (id) WHERE state = 'doing';
CREATE VIEW over AS SELECT id FROM ticket WHERE state = 'done';
CREATE MATERIALIZED VIEW opened AS SELECT id FROM ticket WHERE state = ANY ('{new,doing}'::state[]);
ALTER TABLE ticket ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON ticket USING (state = 'doing');
