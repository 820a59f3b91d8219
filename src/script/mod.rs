//! SQL scripts: splitting, classifying, checking, running.
