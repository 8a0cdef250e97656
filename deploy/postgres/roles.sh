#!/bin/bash
# Run once by the postgres image, when its volume is new: a role for Temporal and one for us, and our
# database. Temporal's schema job makes Temporal's two databases itself, hence CREATEDB.
set -eu

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres \
  --set=temporal="$TEMPORAL_POSTGRES_PASSWORD" --set=failover="$FAILOVER_POSTGRES_PASSWORD" <<'SQL'
CREATE ROLE temporal LOGIN CREATEDB PASSWORD :'temporal';
CREATE ROLE failover LOGIN PASSWORD :'failover';
CREATE DATABASE failover OWNER failover;
REVOKE ALL ON DATABASE failover FROM PUBLIC;
SQL
