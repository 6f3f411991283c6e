"""What the page of a transcript sends, and what it is told: versions, leases, and nothing lost between two people."""

import json
import random
from typing import Any

import pytest

from access import preferences
from pipeline.transcripts import reviewing
from storage.home import Home
from tests.story import FIRST, Stage
from tests.web.sites import Answer, Client, Site

PAGE = f"/conversations/{FIRST}/transcript"
JSON = {"Accept": "application/json"}


@pytest.fixture
def stage() -> Stage:
    return Stage.TRANSCRIBED


def post(client: Client, what: str, **fields: object) -> Answer:
    return client.post(f"{PAGE}/{what}", {name: str(value) for name, value in fields.items()}, **JSON)


def told(answer: Answer) -> Any:
    return json.loads(answer.text)


def text_of(home: Home, site: Site, turn: int = 1) -> str:
    return reviewing.read(home, site.story.ana, FIRST).transcript.find(turn).turn.text


def test_a_text_is_saved_and_the_answer_has_its_words_and_version(site: Site) -> None:
    change = told(post(site.client("ana"), "text", turn=1, text="  We  told them ", base=0))
    (turn,) = change["turns"]
    assert (turn["number"], turn["text"], turn["version"]) == (1, "We told them", change["version"])
    assert len(turn["times"].split()) == 6
    assert turn["corrected"]
    assert text_of(site.home, site) == "We told them"


def test_typing_on_is_one_step_to_undo(site: Site) -> None:
    client, before = site.client("ana"), text_of(site.home, site)
    version = told(post(client, "text", turn=1, text="a", base=0))["version"]
    for text in ("ab", "abc"):
        version = told(post(client, "text", turn=1, text=text, base=version, typing="yes"))["version"]
    assert text_of(site.home, site) == "abc"
    assert [turn["number"] for turn in told(post(client, "undo"))["turns"]] == [1]
    assert text_of(site.home, site) == before
    post(client, "redo")
    assert text_of(site.home, site) == "abc"


def test_who_was_slower_gets_both_texts_and_overwrites_nothing(site: Site) -> None:
    ana, cara = site.client("ana"), site.client("cara")
    post(ana, "text", turn=1, text="as ana heard it", base=0)
    post(cara, "lease")
    answer = post(cara, "text", turn=1, text="as cara heard it", base=0)
    assert answer.status == 409
    assert told(answer)["error"]["kind"] == "Stale"
    assert told(answer)["standing"]["text"] == "as ana heard it"
    assert text_of(site.home, site) == "as ana heard it"
    # having seen it, she may decide
    assert post(cara, "text", turn=1, text="as cara heard it", base=told(answer)["standing"]["version"]).status == 200


@pytest.mark.parametrize("times", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_of_two_people_at_random_nobody_is_overwritten_unseen(site: Site, times: int) -> None:
    people = {name: site.client(name) for name in ("ana", "cara")}
    seen = dict.fromkeys(people, (0, ""))
    pick = random.Random(7)  # noqa: S311
    stands = (0, "")
    refused, at_work = 0, ""
    for number in range(times):
        name = pick.choice(list(people))
        if name != at_work:
            post(people[name], "lease")
            at_work = name
        answer = post(people[name], "text", turn=1, text=f"{name} {number}", base=seen[name][0])
        body = told(answer)
        if seen[name] == stands:
            assert answer.status == 200
            stands = seen[name] = (body["turns"][0]["version"], body["turns"][0]["text"])
        else:
            refused += 1
            assert (answer.status, body["standing"]["text"]) == (409, stands[1])
            seen[name] = (body["standing"]["version"], body["standing"]["text"])
    assert refused > times / 5, "the test has seen people meet"


def test_only_one_is_at_work_until_the_other_takes_it_over(site: Site) -> None:
    ana, cara = site.client("ana"), site.client("cara")
    assert post(ana, "check", turns=1, base=0, checked="yes").status == 200
    answer = post(cara, "check", turns=2, base=0, checked="yes")
    assert (answer.status, told(answer)["error"]["kind"]) == (409, "Held")
    assert told(cara.get(f"{PAGE}/since?version=0", **JSON))["holder"] == "ana"
    assert told(post(cara, "lease"))["holder"] == "cara"
    assert post(cara, "check", turns=2, base=0, checked="yes").status == 200
    assert post(ana, "note", turn=1, text="x").status == 409
    assert told(post(cara, "lease", leave="yes"))["holder"] == ""
    assert post(ana, "note", turn=1, text="x").status == 200


def test_a_turn_is_cut_and_made_whole(site: Site) -> None:
    client, before = site.client("ana"), text_of(site.home, site)
    cut = told(post(client, "split", turn=1, at=len(before.split()[0]), base=0))
    assert cut["order"][:2] == [1, cut["turns"][1]["number"]]
    assert " ".join(turn["text"] for turn in cut["turns"]) == before
    whole = told(post(client, "merge", turn=1, base=cut["version"]))
    assert len(whole["order"]) == len(cut["order"]) - 1
    assert text_of(site.home, site) == before


def test_speakers_are_given_and_swapped(site: Site) -> None:
    client = site.client("ana")
    assert (
        told(post(client, "speaker", turns="1 2", speaker="Participant", base=0))["turns"][1]["speaker"]
        == "Participant"
    )
    assert {turn["speaker"] for turn in told(post(client, "swap"))["turns"]} == {"Interviewer"}


def test_what_was_found_is_replaced_in_one_step(site: Site) -> None:
    client, before = site.client("ana"), text_of(site.home, site)
    found = told(post(client, "find", sought="marlowe", whole="yes"))
    assert len(found["hits"]) >= 2
    hits = " ".join(f"{hit['turn']}:{hit['start']}-{hit['end']}" for hit in found["hits"])
    change = told(post(client, "replace", hits=hits, replacement="Harlow", base=found["version"]))
    assert all("Harlow" in turn["text"] for turn in change["turns"])
    assert told(post(client, "find", sought="marlowe"))["hits"] == []
    post(client, "undo")
    assert text_of(site.home, site) == before


def test_a_hit_that_somebody_changed_since_is_not_replaced(site: Site) -> None:
    client = site.client("ana")
    found = told(post(client, "find", sought="marlowe"))
    post(client, "text", turn=1, text="something else", base=0)
    answer = post(client, "replace", hits="1:0-4", replacement="x", base=found["version"])
    assert (answer.status, told(answer)["error"]["kind"]) == (409, "Stale")
    assert text_of(site.home, site) == "something else"


def test_what_was_played_counts_as_heard_and_the_rest_can_be_waived(site: Site) -> None:
    client = site.client("ana")
    assert told(post(client, "heard", spans="0.00-4.50 4.00-9.25"))["heard"] == "0.00-9.25"
    assert told(post(client, "waive", turns="3", reason="the kettle boils"))["heard"].startswith("0.00-9.25 ")
    assert post(client, "waive", turns="3", reason=" ").status == 422


def test_notes_checks_and_history(site: Site) -> None:
    client = site.client("ana")
    (turn,) = told(post(client, "note", turn=1, text="listen again"))["turns"]
    (note,) = turn["notes"]
    assert (note["author"], note["text"]) == ("ana", "listen again")
    assert told(post(client, "note", turn=1, text="", of=note["number"]))["turns"][0]["notes"] == []
    assert told(post(client, "check", turns=1, base=0, checked="yes"))["turns"][0]["checked_by"] == "ana"
    assert told(post(client, "check", turns=1, base=0, checked=""))["turns"][0]["checked_by"] == ""
    post(client, "text", turn=1, text="We told nobody", base=0)
    history = told(client.get(f"{PAGE}/history/1", **JSON))
    assert any(piece["new"] == "nobody" and piece["old"] for piece in history["difference"])
    assert [step["what"] for step in history["steps"]] == ["check", "check", "revision"]
    assert client.get(f"{PAGE}/history/999", **JSON).status == 404
    assert client.get(f"{PAGE}/history/x", **JSON).status == 404


def test_since_tells_what_others_did_and_nothing_else(site: Site) -> None:
    client = site.client("ana")
    assert "turns" not in told(client.get(f"{PAGE}/since?version=0", **JSON))
    version = told(post(client, "check", turns=1, base=0, checked="yes"))["version"]
    news = told(client.get(f"{PAGE}/since?version=0", **JSON))
    assert (news["version"], news["turns"][0]["checked_by"]) == (version, "ana")


def test_what_no_page_sends_is_refused(site: Site) -> None:
    client = site.client("ana")
    for what, fields in (
        ("text", {"turn": "one", "base": 0}), ("text", {"turn": 1}), ("speaker", {"turns": 1, "speaker": "Mother", "base": 0}),
        ("check", {"turns": "", "base": 0}), ("heard", {"spans": "4-"}), ("replace", {"hits": "1:x", "base": 0}),
        ("find", {"sought": "..."}), ("doubts", {"doubts": "first"}),
    ):  # fmt: skip
        assert post(client, what, **fields).status == 422, (what, fields)
    assert post(client, "text", turn=999, text="x", base=0).status == 404
    assert client.get(f"{PAGE}?view=other").status == 404


def test_keys_are_kept_on_the_server_for_the_person(site: Site) -> None:
    ana, cara = site.client("ana"), site.client("cara")
    chosen = {"set": "pedals", "rewind": "3", "keys": "play F14\nloop\n"}
    assert ana.post("/review-keys", chosen, **JSON).status == 200
    assert told(ana.get("/review-keys", **JSON)) == {
        "set": "pedals",
        "own": {"play": ["F14"], "loop": []},
        "rewind": 3.0,
    }
    assert told(cara.get("/review-keys", **JSON)) == preferences.Preferences().to_json()
    for wrong in ({"set": "emacs"}, {"rewind": "6"}, {"rewind": "x"}, {"keys": "<b> F1"}, {"keys": f"play {'F' * 60}"}):
        assert ana.post("/review-keys", chosen | wrong, **JSON).status == 422
