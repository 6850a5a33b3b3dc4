"""What a job is, what becomes of it, and the one place where every runner ends: `perform`."""
