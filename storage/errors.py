"""The errors a person can meet, in a few families.

The docstring of a class is its message: documentation and output cannot drift. Fields in braces are filled in when it is
raised. A message names the step, the field and what to do next, and never holds a word of a conversation, a name, a file
name or a key.

    class UnknownModel(NotFound):
        '''speech: no model called "{model}" is in this home; see what there is with `candour model list`'''

    raise UnknownModel(model="small.en")
"""

from inspect import cleandoc
from typing import ClassVar


class CandourError(Exception):
    """something went wrong"""

    exit_code: ClassVar[int] = 1
    meaning: ClassVar[str] = "an error Candour did not foresee"

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        template = " ".join(cleandoc(type(self).__doc__ or "").split())
        super().__init__(template.format(**fields))


class Refused(CandourError):
    """refused"""

    exit_code = 3
    meaning = "refused: a condition is still open, a hold stands, or the role is missing"


class BadInput(CandourError):
    """the input cannot be used"""

    exit_code = 4
    meaning = "the input cannot be used: not audio, damaged, not of the expected form"


class NotFound(CandourError):
    """not found"""

    exit_code = 5
    meaning = "no such person, review, conversation, model or entry"


class Busy(CandourError):
    """another process is at work"""

    exit_code = 6
    meaning = "another process holds the lock, or wrote first"


class Locked(CandourError):
    """the passphrase or password is wrong"""

    exit_code = 7
    meaning = "the vault passphrase or a password is missing or wrong"


class Destroyed(CandourError):
    """destroyed"""

    exit_code = 8
    meaning = "what was asked for has been destroyed"


class Unavailable(CandourError):
    """the machine does not allow it"""

    exit_code = 9
    meaning = "the machine or home does not allow it: disk full, read-only, newer version, missing model"


class NotVerified(CandourError):
    """verification failed"""

    exit_code = 10
    meaning = "verification failed: a log, certificate, model or file is not what it should be"


FAMILIES: tuple[type[CandourError], ...] = (
    CandourError, Refused, BadInput, NotFound, Busy, Locked, Destroyed, Unavailable, NotVerified,
)  # fmt: skip
