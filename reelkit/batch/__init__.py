"""Jobs, the engine and the runner: the only place with papermill."""
