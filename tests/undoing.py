"""Undo and redo as every part of the product has them: step by step, all the way back and again, each in another process."""

from collections.abc import Callable, Sequence

import pytest

from pipeline.history import NothingToRedo, NothingToUndo
from tests.story import Story


def back_and_again(
    told: Story,
    acts: Sequence[Callable[[], object]],
    state: Callable[[Story], object],
    undo: Callable[[Story], object],
    redo: Callable[[Story], object],
) -> None:
    """Do the acts, take each back and do it again; each step is another process that opens the home."""
    seen = [state(told)]
    for act in acts:
        act()
        seen.append(state(told))
    assert len({str(one) for one in seen}) == len(seen), "each act must change something"
    for way, nothing, expected in ((undo, NothingToUndo, seen[-2::-1]), (redo, NothingToRedo, seen[1:])):
        for one in expected:
            told = told.again()
            way(told)
            assert state(told) == one
        with pytest.raises(nothing):
            way(told)
