\i /nowhere/missing.sql
