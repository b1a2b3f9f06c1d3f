import importlib.util
import os
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.services.postgres import Database

# How long an example takes is the machine's business, not the property's. In CI the examples are the same each time, so that a red run is
# about the change; runs at the desk go on looking for new ones.
settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ)
settings.load_profile("any-machine")


# Coqui has an environment of its own, which .ci/run makes: it needs a torch of several GB.
collect_ignore = [] if importlib.util.find_spec("TTS") else ["coqui"]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Database"]:
    """A team's database, running."""
    from tests.services.postgres import postgres

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        with postgres(tmp_path_factory.mktemp("postgres")) as running:
            yield running


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate-golden", action="store_true", help="draw the pictures in tests/golden anew; look at them before committing"
    )
    parser.addoption(
        "--show-golden-difference", metavar="FOLDER", help="write what is off about a golden picture: expected, drawn, and their difference"
    )


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts what it puts into the background with Ctrl-C ignored, and every process started from there inherits it.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
