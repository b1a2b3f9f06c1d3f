"""Jobs, the engine and the runner: the only place with papermill."""

import sys

if "jsonschema" not in sys.modules and "rfc3987_syntax" not in sys.modules:
    # nbformat imports jsonschema, which imports a check of international addresses where there is one, which compiles 38 grammars:
    # a second of every worker, and no notebook holds such an address.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    import jsonschema  # noqa: F401

    del sys.modules["rfc3987_syntax"]
