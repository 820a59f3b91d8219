CREATE SEQUENCE orders_id_seq AS integer;
CREATE SEQUENCE other_seq;
CREATE TABLE old (id bigint);
