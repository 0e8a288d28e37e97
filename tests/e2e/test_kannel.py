"""SMS through the real Kannel."""
import os
import signal

from harness import run, wait_for
from kannel import Kannel
from sending import send

kannel = Kannel()


def test_plain_text_is_sent_as_text():
    result, detail = send("kannel", kannel.settings(), "sms", text="Code 8787: \u20ac \u00e4 @")
    assert result == "ok", (result, detail)
    line = kannel.sent("Code 8787")
    assert "<12345 +17775550100 text Code 8787: \u20ac \u00e4 @>" in line, line


def test_other_scripts_are_sent_as_ucs2():
    result, detail = send("kannel", kannel.settings(), "sms", text="\u041a\u043e\u0434 8788")
    assert result == "ok", (result, detail)
    assert "ucs-2" in kannel.sent("%04%1A%04%3E%044"), kannel.log("fakesmsc")


def test_a_wrong_password_is_misconfigured():
    result, detail = send("kannel", kannel.settings(password="wrong"), "sms")
    assert result == "misconfigured", (result, detail)


def test_a_number_on_the_black_list_is_a_bad_recipient():
    result, detail = send("kannel", kannel.settings(), "sms", recipient="+49991234567")
    assert result == "bad_recipient", (result, detail)


def is_stopped(pid):
    """Whether each thread has obeyed SIGSTOP."""
    states = set()
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="utf-8") as file:
            states.add(file.read().rsplit(")", 1)[1].split()[0])
    return states == {"T"}


def test_a_bearerbox_that_hangs_costs_one_attempt():
    os.kill(kannel.bearerbox.pid, signal.SIGSTOP)
    try:
        wait_for(lambda: is_stopped(kannel.bearerbox.pid), "bearerbox to stop")
        result, detail = send("kannel", kannel.settings(), "sms", timeout_ms=1000)
        assert result == "later", (result, detail)
    finally:
        os.kill(kannel.bearerbox.pid, signal.SIGCONT)


def test_an_smsbox_that_is_gone_is_tried_later():
    kannel.end()
    result, detail = send("kannel", kannel.settings(), "sms")
    assert result == "later", (result, detail)


run(globals())
