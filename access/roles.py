"""Who may do what: one table of roles and acts. What is not in the table is refused.

The split of duties: a recorder seals and opens nothing; an operator runs, rotates and backs up, and neither reads nor
listens, signs off or approves; governance decides about destruction and never hears or reads a conversation; an auditor
only verifies. A reviewer may be one of two approvers, and one of the two who lift a hold when the other is governance. Only a
registrar sees who a participant really is.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from storage.errors import Refused


class Role(StrEnum):
    """The roles a person may hold, several at once."""

    RECORDER = "recorder"
    OPERATOR = "operator"
    REVIEWER = "reviewer"
    GOVERNANCE = "governance"
    AUDITOR = "auditor"
    REGISTRAR = "registrar"


class Act(StrEnum):
    """Everything a role may be needed for, as it completes the sentence "may ..."."""

    MANAGE_PEOPLE = "manage people"
    CREATE_REVIEW = "create a review"
    PLAN_CONVERSATION = "plan a conversation"
    UPLOAD = "upload a recording"
    RUN_WORK = "run work"
    READ_TRANSCRIPT = "read a transcript"
    LISTEN = "listen to a recording"
    CORRECT = "correct a transcript"
    DECIDE_NAMES = "decide names"
    READ_REGISTER = "read the register of participants"
    CODE = "code"
    EXPORT = "export"
    OVERRIDE_DISCLOSURE = "override a disclosure check"
    SIGN_OFF = "sign off"
    PLACE_HOLD = "place a hold"
    LIFT_HOLD = "lift a hold"
    MAKE_ORDER = "make an order"
    APPROVE_ORDER = "approve an order"
    WITHDRAW = "withdraw a conversation"
    REFUSE_WITHDRAWAL = "refuse a withdrawal"
    EXTEND_RETENTION = "keep a recording longer"
    RUN_RETENTION = "run retention"
    READ_LOG = "read the log"
    VERIFY = "verify"
    ROTATE_VAULT = "rotate the vault"
    BACKUP = "back up or restore"
    ATTEST_COPY = "attest that a recovery copy is destroyed"
    MANAGE_MODELS = "manage speech models"


class NotAllowed(Refused):
    """roles: {person} may not {act}; that needs the role {needed}, which governance gives with `candour person roles`"""


ROLES: Mapping[Role, frozenset[Act]] = MappingProxyType(
    {
        Role.RECORDER: frozenset({Act.UPLOAD}),
        Role.OPERATOR: frozenset(
            {
                Act.PLAN_CONVERSATION, Act.UPLOAD, Act.RUN_WORK, Act.RUN_RETENTION, Act.READ_LOG, Act.VERIFY,
                Act.ROTATE_VAULT, Act.BACKUP, Act.ATTEST_COPY, Act.MANAGE_MODELS,
            }
        ),
        Role.REVIEWER: frozenset(
            {
                Act.CREATE_REVIEW, Act.PLAN_CONVERSATION, Act.UPLOAD, Act.RUN_WORK, Act.READ_TRANSCRIPT, Act.LISTEN,
                Act.CORRECT, Act.DECIDE_NAMES, Act.CODE, Act.EXPORT, Act.SIGN_OFF, Act.PLACE_HOLD, Act.LIFT_HOLD,
                Act.MAKE_ORDER, Act.APPROVE_ORDER, Act.WITHDRAW, Act.READ_LOG, Act.VERIFY,
            }
        ),
        Role.GOVERNANCE: frozenset(
            {
                Act.MANAGE_PEOPLE, Act.CREATE_REVIEW, Act.OVERRIDE_DISCLOSURE, Act.SIGN_OFF,
                Act.PLACE_HOLD, Act.LIFT_HOLD, Act.MAKE_ORDER, Act.APPROVE_ORDER, Act.WITHDRAW, Act.REFUSE_WITHDRAWAL,
                Act.EXTEND_RETENTION, Act.RUN_RETENTION, Act.ATTEST_COPY, Act.READ_LOG, Act.VERIFY,
            }
        ),
        Role.AUDITOR: frozenset({Act.READ_LOG, Act.VERIFY}),
        Role.REGISTRAR: frozenset({Act.READ_REGISTER}),
    }
)  # fmt: skip


def allowed(roles: Iterable[Role], act: Act) -> bool:
    """Whether any of the roles may do this."""
    return any(act in ROLES[role] for role in roles)


def require(roles: Iterable[Role], act: Act, person: str) -> None:
    """Let the act pass. Raises NotAllowed, naming the person by handle and the roles that would do."""
    if not allowed(roles, act):
        needed = " or ".join(role.value for role in Role if act in ROLES[role])
        raise NotAllowed(person=person, act=act.value, needed=needed)
