/*/ this comment ; is still open */ CREATE TABLE t (a int);
/* one /* two ; */ one ; */
SELECT 3 */* comment */4, 2-- comment ;
+1;
