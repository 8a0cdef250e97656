"""The schema's versions, applied by `failover bootstrap`."""
