"""What our processes count, and where Prometheus reads it."""
