"""Super-resolution: pictures four times larger along each side, drawn by a network."""
