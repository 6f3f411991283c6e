"""The word lists: readable, folded, and no name among the words that never name anybody."""

import pytest

import configs
from pipeline.pseudonyms.word_lists import common_words, fold, is_common, words


def test_words_are_compared_without_case_accents_and_apostrophes() -> None:
    assert fold("O’BRIEN") == fold("o'brien") == "obrien"
    assert fold("José") == fold("Jose\u0301") == "jose"
    assert fold("Straße") == "strasse"


@pytest.mark.parametrize(
    "word", ["looking", "stories", "worried", "stopped", "coming", "really", "quickly", "children", "dont"]
)
def test_regular_forms_of_ordinary_words_are_ordinary(word: str) -> None:
    assert is_common(word)


@pytest.mark.parametrize("word", ["brackley", "achterberg", "kelly", "as s", "s", ""])
def test_other_words_are_not(word: str) -> None:
    assert not is_common(word)


def test_no_first_name_is_among_the_words_that_never_name_anybody() -> None:
    never = words("not-names", "words", "calendar") | words("titles", "short", "long")
    assert words("first-names", "words") & never == set()
    assert words("first-names", "words") & words("common", "function") <= {"will", "may"}


def test_every_list_can_be_read_and_is_not_empty() -> None:
    assert {"common", "first-names", "not-names", "places", "titles"} == set(configs.names("words-names"))
    assert len(common_words()) > 1500
    assert len(words("places", "postcode_areas")) == 121
