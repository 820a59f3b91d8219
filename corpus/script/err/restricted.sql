\restrict abc
\echo no
\unrestrict abc
