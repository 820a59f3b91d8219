INSERT INTO p VALUES (1, 'some', 'y', ROW(1)); INSERT INTO q_1 VALUES ('more')
