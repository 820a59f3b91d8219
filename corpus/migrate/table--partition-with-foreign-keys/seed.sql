INSERT INTO r VALUES (1);
INSERT INTO other VALUES (1), (11), (21), (31), (41), (51);
INSERT INTO p VALUES (11, 1), (21, 1), (31, 1), (41, 1), (51, 1);
