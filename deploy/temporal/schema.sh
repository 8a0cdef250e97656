#!/bin/sh
# Make or update Temporal's two databases. Every line may be repeated: this runs before each start.
# Where and as whom comes from SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD and SQL_PLUGIN.
set -eu

versions=${TEMPORAL_SCHEMA:-/etc/temporal/schema}/postgresql/v12

for name in temporal visibility; do
  database=temporal
  [ "$name" = temporal ] || database=temporal_$name
  temporal-sql-tool --database "$database" create-database
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema --schema-dir "$versions/$name/versioned"
done
