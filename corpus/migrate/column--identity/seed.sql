INSERT INTO t (plain) VALUES (1), (2);
