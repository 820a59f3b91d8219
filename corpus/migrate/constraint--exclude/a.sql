CREATE TABLE t (room int4range, during tsrange, note text,
    CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&, room WITH &&) WITH (fillfactor = 80) WHERE (note <> 'WITH (fillfactor=''80'')') DEFERRABLE,
    CONSTRAINT gone EXCLUDE USING gist (room WITH -|-));
