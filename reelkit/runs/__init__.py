"""A run's folder, its manifest, the cache and the ledger."""
