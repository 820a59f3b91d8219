CREATE EXTENSION btree_gist;
CREATE TABLE rooms (id integer, during daterange, name text, CONSTRAINT rooms_pkey PRIMARY KEY (id, during WITHOUT OVERLAPS) WITH (fillfactor = 70), CONSTRAINT rooms_name UNIQUE (name, id, during WITHOUT OVERLAPS));
CREATE TABLE bookings (id integer, room integer, at daterange, CONSTRAINT booked FOREIGN KEY (room, PERIOD at) REFERENCES rooms (id, PERIOD during) NOT VALID);
CREATE TABLE shifts (who integer, at int4multirange, PRIMARY KEY (who, at WITHOUT OVERLAPS));
