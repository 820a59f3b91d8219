-- A migration that somebody will regret: it drops a view, an index, a policy and a check, changes a type under
-- 15,000 rows, and breaks the trigger that keeps updated_at.

DROP VIEW shop.order_total;
ALTER TABLE shop.order_line ALTER COLUMN price TYPE numeric(12,2);

DROP INDEX shop.order_open;
DROP POLICY own_row ON shop.customer;
ALTER TABLE shop.customer DISABLE ROW LEVEL SECURITY;

ALTER TABLE shop.product DROP CONSTRAINT product_price_check;
ALTER TABLE shop.product ADD COLUMN discount numeric(5,2) NOT NULL DEFAULT 0;
UPDATE shop.product SET discount = 10 WHERE 'tag1' = ANY (tags);

CREATE TABLE shop.audit (id bigserial PRIMARY KEY, what text NOT NULL, at timestamptz DEFAULT now());
INSERT INTO shop.audit (what) VALUES ('discounts introduced');

CREATE OR REPLACE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO shop.audit (what) VALUES (TG_OP);
    RETURN NEW;
END
$$;
