CREATE SCHEMA "Desk ""1""";
SET search_path = "Desk ""1""";
CREATE TYPE "Ticket State" AS ENUM ('it''s open', 'new', 'done', 'closed');
COMMENT ON TYPE "Ticket State" IS 'where a ticket stands';
CREATE FUNCTION is_over(state "Ticket State") RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT state >= 'done' $$;
CREATE TABLE tickets (
    id integer PRIMARY KEY,
    state "Ticket State" DEFAULT 'it''s open' NOT NULL,
    past "Ticket State"[] DEFAULT '{new}'
);
CREATE INDEX tickets_open ON tickets (state) WHERE state = 'it''s open';
CREATE VIEW over AS SELECT id, state FROM tickets WHERE is_over(state);
