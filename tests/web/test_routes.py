"""Every address with every role: who may go there, and that nobody else gets in. Made from the table of routes itself."""

import re
from collections.abc import Iterator

import pytest
from starlette.routing import Mount, Route

from access import directory
from access.roles import Act, Role
from tests import story
from tests.story import LIGHT, Stage
from tests.web import sites
from tests.web.sites import Client, Site
from web.app import create_app
from web.files import STATIC, VENDOR
from web.gate import SIGNED_IN, STRANGERS, Entry, Gate, may
from web.routes import ROUTES

JSON = {"Accept": "application/json"}
PLACES = {"conversation": "C-001", "review": "LT-1", "rest": "no/such/page"}
# All that an auditor may open. What is added here must let them read no transcript, hear no recording, see no name.
AUDITORS = {
    "GET /",
    "POST /sign-out",
    "GET /session",
    "POST /session/stay",
    "GET /account",
    "POST /account/sessions/{session}/end",
    "GET /{rest:path}",
    "GET /account/password",
    "POST /account/password",
    "GET /audit",
    "GET /audit/entries/{entry}",
    "GET /audit/entries/{entry}/proof",
    "GET /audit/verify",
    "GET /audit/leaves",
    "GET /audit/bundle",
    "GET /audit/checkpoint",
    "GET /audit/verifier",
    "GET /audit/elsewhere",
    "GET /audit/request",
    "POST /audit/witness",
    "GET /audit/certificates",
    "GET /audit/certificates/{conversation}/{order:int}",
    "GET /audit/certificates/{conversation}/{order:int}.txt",
    "GET /audit/certificates/{conversation}/{order:int}.json",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One story for all of this module, with one person more for each role."""
    told = story.at(Stage.CODED, tmp_path_factory.mktemp("routes"))
    for role in Role:
        directory.add(told.home, told.ben, f"only-{role}", story.password(f"only-{role}"), [role], work=LIGHT)
    with sites.serving(told.home) as origin:
        yield Site(told, origin)
    told.home.close()


def name(entry: Entry) -> str:
    return f"{entry.method} {entry.path}"


def address(entry: Entry) -> str:
    """The path with something in each of its places; what has no known name is a number."""
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda place: PLACES.get(place[1], "1"), entry.path)


def kind(client: Client, entry: Entry) -> tuple[int, str]:
    """The status of the answer, and the kind of the error when it is one."""
    answer = client.ask(entry.method, address(entry), headers=JSON)
    found = re.search(r'"kind":"(\w+)"', answer.text) if answer.status >= 400 else None
    return answer.status, found[1] if found else ""


def test_the_application_has_no_route_beside_the_table(served: Site) -> None:
    routes = create_app(served.home, [served.origin]).routes
    assert [route.path for route in routes if isinstance(route, Mount)] == [STATIC, VENDOR]
    found = [(route.path, set(route.methods or ())) for route in routes if isinstance(route, Route)]
    assert len(found) == len(routes) - 2 == len(ROUTES)
    assert all(methods <= {entry.method, "HEAD"} for (_, methods), entry in zip(found, ROUTES, strict=True))


def test_no_address_stands_in_the_table_twice() -> None:
    assert len({name(entry) for entry in ROUTES}) == len(ROUTES)
    assert name(ROUTES[-1]) == "GET /{rest:path}", "the catch-all is last, so that it takes nobody's place"


def test_strangers_get_to_signing_in_and_nowhere_else(served: Site) -> None:
    client = served.client()
    for entry in ROUTES:
        status, _ = kind(client, entry)
        assert (status == 401) != entry.gate.strangers, name(entry)
    assert {name(entry) for entry in ROUTES if entry.gate.strangers} == {
        "GET /sign-in", "POST /sign-in", "GET /sign-in/link", "POST /sign-in/link",
    }  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
def test_a_role_gets_where_the_table_says_and_nowhere_else(served: Site, role: Role) -> None:
    person = f"only-{role}"
    client = served.client(person)
    for entry in ROUTES:
        if entry.path == "/sign-out":
            continue
        status, why = kind(client, entry)
        if entry.gate.admits({role}):
            assert (status, why) != (401, "SignedOut") and status < 500, f"{name(entry)}: {status} {why}"
        else:
            # An answer to HEAD has no body that could say why.
            said = "" if entry.method == "HEAD" else "NotAllowed"
            assert (status, why) == (403, said), f"{name(entry)}: {status} {why}"
        if entry.method == "POST" and entry.path.startswith("/sign-in"):
            client = served.client(person)


def test_an_auditor_can_open_nothing_that_was_said_and_no_name() -> None:
    assert {
        name(entry) for entry in ROUTES if entry.gate.admits({Role.AUDITOR}) and not entry.gate.strangers
    } == AUDITORS


def test_a_gate_admits_by_any_of_its_acts_and_never_without_one() -> None:
    gate = may(Act.LISTEN, Act.READ_LOG)
    assert gate.admits({Role.AUDITOR}) and gate.admits({Role.REVIEWER}) and not gate.admits({Role.RECORDER})
    assert not gate.admits(())
    with pytest.raises(ValueError, match="names what a person must be allowed"):
        may()
    assert STRANGERS.strangers and not SIGNED_IN.strangers and Gate() == SIGNED_IN


def test_who_loses_a_role_has_lost_it_at_the_next_click(site: Site) -> None:
    client = site.client("cara")
    assert client.get("/conversations").status == 200
    directory.disable(site.home, site.story.ben, "cara")
    assert client.get("/conversations", **JSON).status == 401


def test_the_menu_shows_what_a_person_may_open(site: Site) -> None:
    assert 'href="/conversations"' in site.client("ana").get("/account").text
    assert 'href="/conversations"' not in site.client("dora").get("/account").text
