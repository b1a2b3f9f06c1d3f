import pytest

from reelkit.runs.keys import without_known_keys

KEY = "7c3f0e5b91"


@pytest.mark.parametrize("name", ["WEATHER_API_KEY", "APIKEY", "GITHUB_TOKEN", "weather_secret", "DB_PASSWORD", "X_PAT", "KEY_1"])
def test_a_key_of_the_environment_is_not_told(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever service it is for, and wherever it stands: its variable says that it is a key."""
    monkeypatch.setenv(name, KEY)
    assert without_known_keys(f"401 for /v1?token={KEY}&x, {KEY}") == "401 for /v1?token=[key]&x, [key]"


@pytest.mark.parametrize(("name", "value"), [("PWD", "/srv/studio"), ("TOKENIZERS_ON", "parallel"), ("USE_KEY", "1"), ("A_KEY", "")])
def test_what_is_no_key_is_told(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders, words and switches stay."""
    monkeypatch.setenv(name, value)
    assert without_known_keys(f"1 at {value} in /srv/studio") == f"1 at {value} in /srv/studio"


def test_what_looks_like_a_key_is_not_told() -> None:
    """Of a key that is nowhere in the environment the text itself is looked at."""
    assert without_known_keys("for url: https://api.example/v1?token=7c3f0e5b91") == "for url: https://api.example/v1?[key]"
