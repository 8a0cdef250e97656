"""What `failover doctor` looks at: one module for each neighbour of an installation."""
