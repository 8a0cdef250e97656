"""The same flow on DBOS: a library on PostgreSQL, without an engine of its own."""
