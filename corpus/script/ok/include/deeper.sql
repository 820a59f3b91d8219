COMMENT ON TABLE :name IS :'name';
\q
this is never read
