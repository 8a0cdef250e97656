#!/bin/sh
# Make the namespace if it is not there. Its search attributes are made by `failover bootstrap`.
# Where and which comes from TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.
set -eu

attempt=1
until answer=$(temporal operator cluster health 2>&1); do
  [ "$attempt" -lt 30 ] || { echo "$answer" >&2; exit 1; }
  attempt=$((attempt + 1))
  sleep 2
done

# The description comes last too: whoever else made the namespace in between, it is there.
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d ||
  temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null
