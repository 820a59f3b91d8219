CREATE TABLE orders (id serial PRIMARY KEY, number bigserial, code integer);
CREATE SEQUENCE free;
CREATE TABLE other (id integer);
