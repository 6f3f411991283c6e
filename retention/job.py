"""The retention job: one round of what is due, as the worker does it, and whoever carries it out by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.recording import arriving
from retention import destroy, plan
from retention.destroy import Outcome
from storage import orphans
from storage.errors import CandourError
from storage.home import Home


@dataclass(kw_only=True, slots=True)
class Round:
    """What a round achieved: numbers of the orders it made, what it destroyed, by order what could not be carried out, and why it
    could not clear up afterwards.
    """

    made: list[int] = field(default_factory=list)
    destroyed: list[Outcome] = field(default_factory=list)
    failed: dict[int, CandourError] = field(default_factory=dict)
    unswept: CandourError | None = None


def go_round(home: Home, *, stop: Callable[[], bool] = lambda: False) -> Round:
    """Make the orders that schedules call for, carry out those signed by two whose date has come, and clear up what they and
    crashes left. The caller is the only one at it (`Home.working`).
    """
    arriving.forget_idle(home)
    done = Round(made=plan.order_due(home, home.now()))
    for number in plan.due(home, home.now()):
        if stop():
            break
        try:
            done.destroyed.append(destroy.carry_out(home, number))
        except CandourError as error:
            done.failed[number] = error
    # After it: a recording that broke off goes with its conversation's key, and an order removes its row alone.
    try:
        orphans.sweep(home)
    except CandourError as error:
        # What was destroyed is to be told all the same; the next round sweeps again.
        done.unswept = error
    return done
