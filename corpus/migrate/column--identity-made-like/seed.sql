INSERT INTO stays (name) VALUES ('a'); INSERT INTO copy (name) VALUES ('b')
