"""Deeds: bodies written and sent in odd ways, judged by what happened.

A body that says one thing is done to the letter, and so told. Any other is refused in
JSON that the calling page can read, and nothing is changed.
"""

import re
from dataclasses import dataclass, replace

import generators
from acts import ACTS, ANSWER_ACTS
from hypothesis import strategies as st
from judge import answer_json, breach, misdeed
from targets import ORIGIN
from wire import WHOLE, Request
from writings import WRITINGS, write

_FRAMINGS = (*WHOLE, *WHOLE, "short", "long", "coded", "cut", "bad chunk", "both")
_FRAMINGS += ("extended",)
_PLAIN = "plain", WHOLE[0]
#: Nothing that a form, a name or an identity may not have, and no mark of a request.
_texts = generators.texts.filter(
    lambda text: not re.search("[\0\ufffd\ud800-\udfff]|%TEXT%|@[A-Z]+@", text)
).map(lambda text: "A" + text[:300])


@dataclass(frozen=True)
class Deed:
    act: str
    text: str
    writing: str
    framing: str


def _kind(act):
    return act.rpartition(", ")[2].replace("native ", "").replace("json-2", "json")


@st.composite
def deeds(draw):
    """A strategy: of four, one has an odd answer; of the others, most an odd body."""
    text = draw(_texts)
    if draw(st.integers(0, 3)) == 0:
        return Deed(draw(st.sampled_from(sorted(ANSWER_ACTS))), text, *_PLAIN)
    act = draw(st.sampled_from(sorted(ACTS)))
    framing = draw(st.sampled_from(_FRAMINGS))
    if framing == "short" and _kind(act) == "form":
        framing = "cut"  # half a form is a form
    writing = draw(st.sampled_from(WRITINGS[_kind(act)]))
    return Deed(act, text, writing, framing)


def good_deeds():
    """Each act, done in a plain way and in chunks."""
    for act in ACTS | ANSWER_ACTS:
        for framing in WHOLE:
            yield Deed(act, "Aé", "plain", framing)


def play(deed, ground, send, target):
    """Do a deed.

    :param send: sends a ``Request``, returns its ``Answer``
    :return: the request, the answer, and the breach or None
    """
    act = (ACTS | ANSWER_ACTS)[deed.act](ground, deed.text)
    call = next(act)
    header, body, is_readable = write(call, deed.writing)
    headers = (header, ("Origin", ORIGIN), *call.headers)
    request = Request("POST", call.path, headers, body, deed.framing)
    answer = send(request)
    told = answer_json(answer) if answer.is_good and answer.is_json else None
    done, untouched = act.send(told)
    judged = answer
    if call.refusal == answer.status:  # it is due, be it a 500
        judged = replace(answer, status=400)
    what = breach(target, request, judged, ground.secrets_now()) or misdeed(
        request, answer, is_readable, call.refusal, done, untouched
    )
    return request, answer, what and f"{deed.act}: {what}"
