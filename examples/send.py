"""Sends calls to a host, by ten accounts; three of them send one template: ``python send.py URL [PATH]``."""

import json
import sys
import time
import urllib.error
import urllib.request

CALLS, ACCOUNTS, WAIT_SECONDS = 300, 10, 180
TEMPLATE = "Rewrite this answer so that a model can learn from it, step by step. Answer: the tide of port {} is at {}."
QUESTION = "What should I know about the tides of port {} before I sail there on the {}th?"


def prompt(number: int) -> str:
    """What a call says."""
    return (TEMPLATE if number % ACCOUNTS < 3 else QUESTION).format(number % 37, number % 28 + 1)


def call(url: str, number: int) -> None:
    """One call; who sends it is known by its API key."""
    body = {"model": "mock", "messages": [{"role": "user", "content": prompt(number)}]}
    headers = {"content-type": "application/json", "authorization": f"Bearer sk-user-{number % ACCOUNTS}"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    urllib.request.urlopen(request, timeout=30).read()


def wait(url: str) -> None:
    """Until the host listens."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return  # it answers
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


if __name__ == "__main__":
    host, path = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "/v1/chat/completions"
    wait(host)
    for one in range(CALLS):
        call(host + path, one)
    print(f"{CALLS} calls sent by {ACCOUNTS} accounts")
