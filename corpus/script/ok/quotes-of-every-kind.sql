CREATE TABLE "T;""x" ("a""b" text, U&"d!0061ta" UESCAPE '!' text);
INSERT INTO "T;""x" VALUES (E'it\'s; \\', U&'\0041;' ), (N'n;', 'con'
  'tinued; '
  -- with a comment '
  'twice'), (E'a\''
 'b;c', B'01' || X'1F');
SELECT '', '''', E'\'', $$;$$, $x$ $$ ; $x$, 1.5e3, a.b[1:2] FROM (SELECT ARRAY[1, 2, 3] AS b) a;
SELECT a$b$c FROM (SELECT 1 AS a$b$c) x;
