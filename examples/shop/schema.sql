-- A small shop: what `make demo` breaks and brings back.

CREATE EXTENSION pgcrypto;

CREATE SCHEMA shop;

CREATE TYPE shop.order_state AS ENUM ('new', 'paid', 'shipped', 'cancelled');

CREATE DOMAIN shop.email AS text CHECK (VALUE ~ '^[^@\s]+@[^@\s]+$');

CREATE TABLE shop.customer (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email      shop.email NOT NULL UNIQUE,
    name       text NOT NULL,
    token      uuid NOT NULL DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE shop.customer IS 'People who have bought something, or nearly';

CREATE TABLE shop.product (
    id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku    varchar(20) NOT NULL UNIQUE,
    title  text NOT NULL,
    price  numeric(10,2) NOT NULL CHECK (price >= 0),
    tax    numeric(10,2) GENERATED ALWAYS AS (round(price * 0.19, 2)) STORED,
    tags   text[] NOT NULL DEFAULT '{}',
    active boolean NOT NULL DEFAULT true
);
CREATE INDEX product_tags ON shop.product USING gin (tags);

CREATE TABLE shop."order" (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES shop.customer ON DELETE RESTRICT,
    state       shop.order_state NOT NULL DEFAULT 'new',
    placed_at   timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX order_open ON shop."order" (placed_at) WHERE state IN ('new', 'paid');

CREATE TABLE shop.order_line (
    order_id   integer NOT NULL REFERENCES shop."order" ON DELETE CASCADE,
    product_id integer NOT NULL REFERENCES shop.product,
    quantity   integer NOT NULL CHECK (quantity > 0),
    price      numeric(10,2) NOT NULL,
    PRIMARY KEY (order_id, product_id)
);

CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER touch BEFORE UPDATE ON shop."order" FOR EACH ROW EXECUTE FUNCTION shop.touch();

CREATE VIEW shop.order_total AS
SELECT o.id, c.email, o.state, sum(l.quantity * l.price) AS total
FROM shop."order" o
JOIN shop.customer c ON c.id = o.customer_id
JOIN shop.order_line l ON l.order_id = o.id
GROUP BY o.id, c.email, o.state;

CREATE MATERIALIZED VIEW shop.best_seller AS
SELECT p.sku, p.title, sum(l.quantity) AS sold
FROM shop.product p
JOIN shop.order_line l ON l.product_id = p.id
GROUP BY p.id
WITH NO DATA;
CREATE UNIQUE INDEX best_seller_sku ON shop.best_seller (sku);

ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_row ON shop.customer USING (email = current_setting('shop.email', true));
