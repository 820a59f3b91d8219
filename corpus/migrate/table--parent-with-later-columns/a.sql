CREATE TABLE swimmer (speed integer, depth integer);
