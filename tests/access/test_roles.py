"""Roles: the split of duties, and refusal by default."""

import pytest

from access.roles import ROLES, Act, NotAllowed, Role, allowed, require

HEARS_OR_READS = {Act.READ_TRANSCRIPT, Act.LISTEN, Act.CORRECT, Act.DECIDE_NAMES, Act.CODE, Act.EXPORT}
DECIDES_DESTRUCTION = {Act.SIGN_OFF, Act.MAKE_ORDER, Act.APPROVE_ORDER, Act.LIFT_HOLD, Act.OVERRIDE_DISCLOSURE}


def test_every_role_has_its_row_and_every_act_somebody() -> None:
    assert set(ROLES) == set(Role)
    assert set(Act) == set().union(*ROLES.values())


def test_nobody_without_a_role_may_do_anything() -> None:
    assert not any(allowed((), act) for act in Act)


def test_only_a_reviewer_hears_or_reads_a_conversation() -> None:
    assert all(allowed([Role.REVIEWER], act) for act in HEARS_OR_READS)
    for role in set(Role) - {Role.REVIEWER}:
        assert not ROLES[role] & HEARS_OR_READS, role


def test_who_runs_the_machine_decides_nothing_and_who_decides_does_not_run_it() -> None:
    assert not ROLES[Role.OPERATOR] & DECIDES_DESTRUCTION
    assert Act.ROTATE_VAULT in ROLES[Role.OPERATOR]
    for role in (Role.REVIEWER, Role.GOVERNANCE, Role.AUDITOR, Role.RECORDER):
        assert not ROLES[role] & {Act.ROTATE_VAULT, Act.BACKUP}, role


def test_only_governance_manages_people_and_overrides_a_disclosure_check() -> None:
    for act in (Act.MANAGE_PEOPLE, Act.OVERRIDE_DISCLOSURE):
        assert [role for role in Role if allowed([role], act)] == [Role.GOVERNANCE]


def test_an_auditor_only_verifies_and_a_recorder_only_seals() -> None:
    assert ROLES[Role.AUDITOR] == {Act.READ_LOG, Act.VERIFY}
    assert ROLES[Role.RECORDER] == {Act.UPLOAD}


def test_roles_add_up() -> None:
    assert allowed([Role.RECORDER, Role.AUDITOR], Act.UPLOAD)
    assert allowed([Role.RECORDER, Role.AUDITOR], Act.VERIFY)


def test_a_refusal_names_the_act_and_the_roles_that_would_do() -> None:
    require([Role.REVIEWER], Act.SIGN_OFF, "mo")
    with pytest.raises(NotAllowed) as refusal:
        require([Role.OPERATOR], Act.SIGN_OFF, "mo")
    assert "mo may not sign off" in str(refusal.value)
    assert "reviewer or governance" in str(refusal.value)
    assert refusal.value.exit_code == 3
