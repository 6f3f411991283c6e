"""How far the draft was from what people made of it: the machine's own error rate, on this very conversation.

Words are compared as they sound, turn by turn, with the least number of changes (Levenshtein). Seen from the machine a word
was *wrong* (substituted), *missed* (deleted) or *invented* (inserted); the word error rate is all three as a share of the
words of the transcript, of which marks in brackets are none. Words that decide a case are counted on their own as well: an
error is one of numbers where the word that was said or the word that was heard is a number. What nobody listened to counts
as right, so a rate is worth no more than the share of the transcript that was heard.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from rapidfuzz.distance import Levenshtein

from pipeline.transcription.doubt_rules import WordList, critical, places
from pipeline.transcripts.marks import spoken
from pipeline.transcripts.standing import Standing
from pipeline.transcripts.transcript import Turn

NAME: Final = "name"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """`words` of the transcript, and how many the machine had wrong, missed or invented."""

    words: int = 0
    wrong: int = 0
    missed: int = 0
    invented: int = 0

    @property
    def errors(self) -> int:
        return self.wrong + self.missed + self.invented

    @property
    def rate(self) -> float:
        """Errors as a share of the words; above 1 where more was invented than said, 0 where there is neither."""
        return self.errors / max(1, self.words)


@dataclass(frozen=True, kw_only=True, slots=True)
class Accuracy:
    """All words, those of each kind, and the words whose speaker the machine had wrong or did not know."""

    every: Tally
    kinds: Mapping[str, Tally]
    wrong_speaker: int
    unknown_speaker: int

    def to_json(self) -> dict[str, Any]:
        """Counts only, as they are kept when the words are gone."""
        return {
            "every": asdict(self.every),
            "kinds": {kind: asdict(tally) for kind, tally in self.kinds.items()},
            "wrong_speaker": self.wrong_speaker,
            "unknown_speaker": self.unknown_speaker,
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Accuracy":
        return cls(
            every=Tally(**fields["every"]),
            kinds={kind: Tally(**tally) for kind, tally in fields["kinds"].items()},
            wrong_speaker=fields["wrong_speaker"],
            unknown_speaker=fields["unknown_speaker"],
        )


@dataclass(frozen=True, slots=True)
class _Sound:
    """A word as it sounds, and the kinds it is of."""

    text: str
    kinds: frozenset[str]


def measure(standing: Sequence[Standing], lists: Sequence[WordList], names: Collection[str]) -> Accuracy:
    """The accuracy of the draft of a transcript; `names` are single words of real names, as they sound."""
    every, kinds = Counter[str](), {one.title: Counter[str]() for one in lists} | {NAME: Counter[str]()}
    for kind_of_change, concerned in _compared(standing, lists, names):
        every[kind_of_change] += 1
        for kind in concerned:
            kinds[kind][kind_of_change] += 1
    changed = [
        (old.speaker, one.turn.speaker) for one in standing for old in one.source if old.speaker is not one.turn.speaker
    ]
    return Accuracy(
        every=Tally(**every),
        kinds={kind: Tally(**tally) for kind, tally in kinds.items()},
        wrong_speaker=sum(old.value != "?" for old, _ in changed),
        unknown_speaker=sum(old.value == "?" for old, _ in changed),
    )


def _compared(
    standing: Sequence[Standing], lists: Sequence[WordList], names: Collection[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    """Each word of the transcript ("words") and each error, with the kinds it is one of."""
    for one in standing:
        heard = _sounds(replace(one.turn, words=one.source), lists, names)
        right = _sounds(replace(one.turn, words=spoken(one.turn)), lists, names)
        for word in right:
            yield "words", word.kinds
        for change in Levenshtein.editops([word.text for word in heard], [word.text for word in right]):
            match change.tag:
                case "replace":
                    yield "wrong", heard[change.src_pos].kinds | right[change.dest_pos].kinds
                case "insert":
                    yield "missed", right[change.dest_pos].kinds
                case "delete":
                    yield "invented", heard[change.src_pos].kinds


def _sounds(turn: Turn, lists: Sequence[WordList], names: Collection[str]) -> list[_Sound]:
    found = places([turn])
    kinds: list[set[str]] = [{NAME} if place.sound.removesuffix("'s") in names else set() for place in found]
    for number, _, title in critical(found, lists):
        kinds[number].add(title)
    return [_Sound(place.sound, frozenset(of)) for place, of in zip(found, kinds, strict=True) if place.sound]
