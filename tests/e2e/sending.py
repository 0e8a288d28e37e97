"""One letter through a gateway, by tests/gateway/send_one, from within the sender's sandbox."""
import json
import os
import subprocess

from harness import BUILD, PATIENCE

SEND_ONE = os.path.join(BUILD, "tests/gateway/send_one")


def send(kind, settings, channel, timeout_ms=None, environment=None, **letter):
    """("ok", "status 202"): the result, and its line for the log."""
    letter = {"recipient": "+17775550100" if channel == "sms" else "u@example.com",
              "sender": "AFFO" if channel == "sms" else "AFFO <no-reply@example.com>",
              "subject": "Password reset required", "text": "Your code is 8787", **letter}
    asked = {"type": kind, "channel": channel, "settings": settings,
             "timeout_ms": int(PATIENCE * 1000) if timeout_ms is None else timeout_ms, **letter}
    done = subprocess.run([SEND_ONE], input=json.dumps(asked), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=4 * PATIENCE,
                          env={**os.environ, **(environment or {})}, check=False)
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    result, _, detail = done.stdout.rstrip("\n").partition(" ")
    assert detail and "s3cret" not in detail, done.stdout
    return result, detail
