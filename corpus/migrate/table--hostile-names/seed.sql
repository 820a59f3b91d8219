INSERT INTO "we ""ird
schema"."select" VALUES (1, 'x', 1.5, '2024-01-01', 1, 1);
