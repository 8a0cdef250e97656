"""What the workflow has done outside: a step sent, a client told."""
