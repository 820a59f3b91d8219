CREATE TABLE parent (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE other (c integer, b integer) INHERITS (parent);
CREATE TABLE late (b integer, a integer) INHERITS (parent);
