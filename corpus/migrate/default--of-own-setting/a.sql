-- Only the application's sessions have the setting: no row can get a value from it when the column is added.
CREATE TABLE t (id integer, tenant integer DEFAULT current_setting('app.tenant')::integer NOT NULL);
CREATE TABLE u (id integer, tenant text DEFAULT current_setting('app.tenant'),
    zone text DEFAULT current_setting('TimeZone') NOT NULL, other text DEFAULT coalesce(current_setting('app.tenant', true), '-') NOT NULL);
