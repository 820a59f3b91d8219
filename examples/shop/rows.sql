-- Rows for the shop: enough that losing them would be noticed.

INSERT INTO shop.customer (email, name)
SELECT 'customer' || n || '@example.com', 'Customer ' || n FROM generate_series(1, 1000) n;

INSERT INTO shop.product (sku, title, price, tags)
SELECT 'SKU-' || lpad(n::text, 5, '0'), 'Product ' || n, (n % 90) + 9.99, ARRAY['tag' || n % 7, 'shelf' || n % 3]
FROM generate_series(1, 200) n;

INSERT INTO shop."order" (customer_id, state)
SELECT 1 + n % 1000, (ARRAY['new', 'paid', 'shipped', 'cancelled'])[1 + n % 4]::shop.order_state
FROM generate_series(1, 5000) n;

INSERT INTO shop.order_line (order_id, product_id, quantity, price)
SELECT o, 1 + (o * 7 + k * 13) % 200, 1 + (o + k) % 4, 9.99 + k
FROM generate_series(1, 5000) o, generate_series(0, 2) k;

REFRESH MATERIALIZED VIEW shop.best_seller;
