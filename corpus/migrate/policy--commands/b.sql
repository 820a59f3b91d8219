CREATE TABLE t (a bigint, owner text, c varchar(5));
CREATE TABLE u (a integer);
ALTER TABLE t FORCE ROW LEVEL SECURITY;
CREATE POLICY everyone ON t USING (owner = SESSION_USER) WITH CHECK (true);
CREATE POLICY reads ON t FOR SELECT TO pg_monitor USING (a > 0);
CREATE POLICY writes ON t FOR UPDATE TO pg_monitor USING (a > 1);
CREATE POLICY adds ON t FOR INSERT WITH CHECK (a = 1);
COMMENT ON POLICY reads ON t IS 'who reads';
