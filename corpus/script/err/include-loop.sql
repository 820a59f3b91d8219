SELECT 1;
  \ir include-loop.sql
