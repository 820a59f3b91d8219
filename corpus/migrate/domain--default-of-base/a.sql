-- CREATE DOMAIN takes the default of what it is over; one that the other gets or loses later is not passed on.
CREATE DOMAIN code AS text;
CREATE DOMAIN plain_code AS code;
ALTER DOMAIN code SET DEFAULT 'none';
CREATE DOMAIN price AS numeric(4, 2);
CREATE DOMAIN low_price AS price;
ALTER DOMAIN price SET DEFAULT NULL;
CREATE TABLE item (code plain_code, price low_price);
