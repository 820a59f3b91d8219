INSERT INTO old.t (m) VALUES ('sad'); INSERT INTO keeps VALUES (1);
