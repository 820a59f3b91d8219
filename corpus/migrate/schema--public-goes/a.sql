CREATE EXTENSION citext SCHEMA public;
CREATE TYPE public.kind AS ENUM ('a', 'b');
CREATE TABLE public.t (a public.citext, b public.kind);
CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE VIEW public.v AS SELECT a, public.f() AS one FROM public.t;
