"""One module for each noun of the API, each with a ``router``."""
