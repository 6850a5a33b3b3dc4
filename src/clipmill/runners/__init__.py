"""How a job reaches a machine. Each runner is a package of its own; they share a shape and know nothing of each other."""
