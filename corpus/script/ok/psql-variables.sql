\set schema app
\set value 'it''s; here'
\set none
\set stop yes
CREATE SCHEMA :schema;
CREATE TABLE :"schema".t (a text DEFAULT :'value', b int[]);
INSERT INTO :schema.t VALUES (:'value', ARRAY[1,2,3]);
SELECT b[1:2], a::text, :{?schema}, :{?missing} FROM app.t;:none
\if :stop
  \if false
    CREATE TABLE never (a int);
  \elif :{?schema}
    CREATE TABLE app.taken (a int);
  \else
    syntax error;
  \endif
\else
  COPY nothing FROM stdin;
\endif
\echo :schema :'value'
\unset schema
SELECT ':schema';
