"""The `failover` command."""
