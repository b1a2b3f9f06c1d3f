"""Telling the world outside how a batch ended: a webhook, or a command of the user's own. What fails here fails nothing else."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from reelkit.errors import ServiceError, without_keys
from reelkit.processes import end_with_children
from reelkit.services.calls import Calls, Trouble, bounded, trouble_of_status, unlogged
from reelkit.services.download import chunks_of

__all__ = ["call_webhook", "run_command"]

_ATTEMPTS, _ANSWER_S, _STEP_S = 3, 10.0, 40.0
_ANSWER_BYTES = 1_000_000
_COMMAND_S = 60.0


def call_webhook(
    url: str, summary: dict[str, Any], *, answer_s: float = _ANSWER_S, sleep: Callable[[float], object] = time.sleep
) -> str | None:
    """POST a summary as JSON, again where the trouble can pass.

    Parameters
    ----------
    url : str
        What stands behind its host is taken for a secret.
    summary : dict
    answer_s : float
        How long its answer may take.
    sleep : callable
        How to wait between attempts.

    Returns
    -------
    str or None
        Why it was not taken, in one line; None when it was.
    """
    import requests

    host = urlsplit(url).hostname or "no host"
    calls = Calls(
        f"webhook {host}", random=random.random, keys=(url,), attempts=_ATTEMPTS, call_s=answer_s + 2.0, step_s=_STEP_S, sleep=sleep
    )

    def attempt() -> None:
        try:
            with unlogged(urlsplit(url).path), requests.post(url, json=summary, timeout=answer_s, stream=True) as answer:
                status, headers = answer.status_code, answer.headers
                bounded(chunks_of(answer, ends=time.monotonic() + answer_s), _ANSWER_BYTES)
        except (requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL, requests.exceptions.MissingSchema):
            raise Trouble("is no address that can be called", hint="it begins with https://") from None
        except requests.ReadTimeout:
            # It has all of it: sent again, a team would read the same night twice.
            raise Trouble(f"took the summary and did not answer within {answer_s:g} s") from None
        except requests.RequestException as error:
            raise Trouble(f"does not answer ({type(error).__name__})", passes=True) from None
        if not 200 <= status < 300:
            raise trouble_of_status(status, headers, hints=dict.fromkeys((401, 403, 404), "check the address of the webhook"))

    try:
        calls.make(attempt)
    except ServiceError as error:
        return str(error)
    return None


def run_command(command: str, summary: str, line: str, *, limit_s: float = _COMMAND_S) -> str | None:
    """Run a command in the shell, with the summary (JSON) on its standard input and the one line in ``REELKIT_SUMMARY``.

    Returns
    -------
    str or None
        Why it did not end well, in one line; None when it did.

    Examples
    --------
    >>> run_command('test "$REELKIT_SUMMARY" = "all well" && grep -q done', '{"state": "done"}', "all well")
    >>> run_command("exit 3", "{}", "all well")
    'the notify command ended with 3'
    """
    environment = os.environ | {"REELKIT_SUMMARY": line}
    with subprocess.Popen(
        command, shell=True, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            _, complaint = process.communicate(summary, timeout=limit_s)
        except subprocess.TimeoutExpired:
            end_with_children(process.pid)
            return f"the notify command took longer than {limit_s:g} s and was ended"
    if process.returncode == 0:
        return None
    said = complaint.strip().splitlines()[-1:]
    return f"the notify command ended with {process.returncode}" + (f": {without_keys(said[0])}" if said else "")
