"""The record of all jobs in a database; the one part of clipmill that imports SQLAlchemy."""

from clipmill.jobs.ledger.ledger import Ledger

__all__ = ["Ledger"]
