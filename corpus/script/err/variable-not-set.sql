SELECT * FROM :schema.t;
