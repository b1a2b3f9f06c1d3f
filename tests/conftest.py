import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate-golden", action="store_true", help="draw the pictures in tests/golden anew; look at them before committing"
    )
