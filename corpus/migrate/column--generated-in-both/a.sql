CREATE TABLE parent (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE child (a integer, b integer) INHERITS (parent);
CREATE TABLE other (c integer, b integer) INHERITS (parent);
