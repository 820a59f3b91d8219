INSERT INTO i VALUES (1); INSERT INTO log VALUES ('a', 1), ('b', 1), ('c', 1)
