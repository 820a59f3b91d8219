CREATE TABLE orders (id serial PRIMARY KEY, number bigint NOT NULL, code integer);
CREATE SEQUENCE free OWNED BY orders.code;
CREATE SEQUENCE orders_number_seq;
CREATE TABLE other (id serial);
