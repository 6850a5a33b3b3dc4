"""Where bytes live: stores behind one interface, object keys, and readers that fetch only what is read."""
