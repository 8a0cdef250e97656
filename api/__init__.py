"""The front door: Routee's Failover API over HTTP."""
