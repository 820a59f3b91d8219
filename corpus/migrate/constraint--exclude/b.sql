CREATE TABLE t (room int4range, during tsrange, note text,
    CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&) WHERE (lower(note) <> 'x'));
