"""The world, one file a service: the only place with a network, a key or a clock. Knows ``model`` and ``errors`` only."""
