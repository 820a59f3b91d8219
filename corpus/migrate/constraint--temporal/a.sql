CREATE EXTENSION btree_gist;
CREATE TABLE rooms (id integer, during daterange, name text, CONSTRAINT rooms_pkey PRIMARY KEY (id, during WITHOUT OVERLAPS), CONSTRAINT rooms_name UNIQUE (name, during WITHOUT OVERLAPS));
CREATE TABLE bookings (id integer, room integer, at daterange, CONSTRAINT booked FOREIGN KEY (room, PERIOD at) REFERENCES rooms (id, PERIOD during));
