SET client_encoding = 'LATIN1';
SELECT 1;
SELECT 'é';
