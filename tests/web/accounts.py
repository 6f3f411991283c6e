"""A story with two accounts of the same events, coded by two people: what the matrix and the second coder's page compare."""

from pipeline.codes import extracting
from pipeline.pseudonyms.naming import NotAName
from pipeline.transcripts import reviewing
from tests.story import CORRECTED, FIRST, OTHER, Story, decide
from worker import local

SAID_OF_IT = "Our workload was far too high."
WHAT_IT_WAS = "We thought it was nothing."
WORKLOAD, THOUGHT, MEETING = "C3.3 Workload", "F1 What you thought was going on", "A1 Introduction"


def second_account(told: Story) -> None:
    """The second conversation coded by ana; parts of both coded by cara too, who partly disagrees."""
    home, ana, cara = told.home, told.ana, told.cara
    assert local.work_once(home).transcribed == [OTHER]
    reviewing.correct(home, ana, OTHER, [1], text=SAID_OF_IT, speaker=None)
    reviewing.hear(home, ana, OTHER, [])
    reviewing.resolve(home, ana, OTHER, [])
    decide(told, NotAName(), OTHER)
    for person, where, quote, codes in (
        (ana, OTHER, SAID_OF_IT, (WORKLOAD,)),
        (ana, OTHER, "Our workload", (MEETING,)),
        (ana, FIRST, CORRECTED, (WORKLOAD, THOUGHT)),
        (cara, FIRST, CORRECTED, (WORKLOAD,)),
        (cara, FIRST, "told [Boy] about it", (THOUGHT,)),
    ):
        turn = 1 if quote.startswith("told") else None
        extracting.add(home, person, where, codes=codes, quote=quote, turn=turn, memo="")
