"""Forms that a person signs: what must be typed, the password again, and at which field a refusal is shown."""

from collections.abc import Callable, Mapping
from typing import Final

from access import signing_in
from access.roles import NotAllowed
from storage.errors import BadInput, Locked, Refused
from web.rendering import sentence
from web.visit import Visit

MISSING: Final[Mapping[str, str]] = {
    "reason": "Say why.",
    "reference": "Say what it rests on, such as a letter or a decision.",
    "password": "Type your password: it opens your signing key.",
}


def missing(visit: Visit, *names: str) -> dict[str, str]:
    """What is not filled in, by its field. Looked at first: a form that was sent too early is no wrong password."""
    return {name: MISSING[name] for name in names if not visit.form.get(name, "").strip()}


def mistyped(visit: Visit, wanted: str) -> dict[str, str]:
    """The reference that a person types so as to know what they destroy."""
    return {} if visit.text("typed").upper() == wanted.upper() else {"typed": f"Type {wanted} to go ahead."}


def sign(visit: Visit, act: Callable[[str], object]) -> dict[str, str]:
    """Do what needs a signature, with the password as it was typed; what is wrong by its field, empty when it was done.

    Raises:
        NotAllowed, and what the act says of things that are not there or have gone.
    """
    try:
        with signing_in.attempting(visit.home, visit.person.name, visit.address):
            act(visit.form.get("password", ""))
    except Locked:
        return {"password": "This is not your password; nothing was signed."}
    except signing_in.TooManyAttempts as error:
        return {"password": sentence(str(error))}
    except NotAllowed:
        raise
    except (Refused, BadInput) as error:
        return {"": sentence(str(error))}
    return {}
