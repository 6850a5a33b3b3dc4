"""Messages to the addresses of tenants: checked, signed, sent from the ledger's outbox or as plain callbacks."""
