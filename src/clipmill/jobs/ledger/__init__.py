"""The record of all jobs in a database; with the caption book the only part of clipmill that imports SQLAlchemy."""

from clipmill.jobs.ledger.ledger import Ledger

__all__ = ["Ledger"]
