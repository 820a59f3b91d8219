INSERT INTO places VALUES (1, ROW(1, 10, 'l1', 'gone')), (2, ROW(2, 20, 'l2', 'gone')), (0, NULL);
