CREATE SCHEMA "Desk ""1""";
SET search_path = "Desk ""1""";
CREATE TYPE "Ticket State" AS ENUM ('new', 'it''s open', 'closed', 'lost "\');
CREATE FUNCTION is_over(state "Ticket State") RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT state = 'closed' $$;
CREATE TABLE tickets (
    id integer PRIMARY KEY,
    state "Ticket State" DEFAULT 'new' NOT NULL,
    past "Ticket State"[] DEFAULT '{new}',
    CONSTRAINT known CHECK (state <> 'lost "\')
);
CREATE INDEX tickets_open ON tickets (state) WHERE state = 'it''s open';
CREATE VIEW over AS SELECT id, state FROM tickets WHERE is_over(state);
