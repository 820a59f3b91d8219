CREATE SEQUENCE orders_id_seq AS integer;
CREATE TABLE orders (id integer DEFAULT nextval('orders_id_seq') NOT NULL, code text);
ALTER SEQUENCE orders_id_seq OWNED BY orders.id;
CREATE SEQUENCE other_seq;
CREATE TABLE old (id bigint, n bigint DEFAULT nextval('other_seq'));
ALTER SEQUENCE other_seq OWNED BY old.n;
