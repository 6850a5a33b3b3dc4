"""The HTTP face: jobs, events and results under ``/v1``, made from the catalogue."""
