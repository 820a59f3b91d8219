CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE TABLE public.log (at date NOT NULL, line text CHECK (line <> '')) PARTITION BY RANGE (at);
CREATE TABLE public.log_new PARTITION OF public.log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE FOREIGN TABLE public.log_old PARTITION OF public.log FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') SERVER s OPTIONS (file 'old');
CREATE FOREIGN TABLE public.log_older (line text, at date NOT NULL) SERVER s;
ALTER FOREIGN TABLE public.log_older ADD CONSTRAINT log_line_check CHECK (line <> '');
ALTER TABLE public.log ATTACH PARTITION public.log_older FOR VALUES FROM ('2019-01-01') TO ('2020-01-01');
