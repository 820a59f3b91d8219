CREATE TABLE z (x text);
