"""A codebook as a reader gets it: what participants say in it is pseudonymised, and said in general, as in their conversation."""

from dataclasses import replace

from sqlalchemy.orm import Session

from pipeline.codes.codebook import Codebook
from pipeline.export.model import Profile
from pipeline.pseudonyms import code_words, disclosing, disclosure, names
from pipeline.reviews import speaking_in_codes
from pipeline.transcripts.document import Document
from storage.home import Home
from storage.models import Review


def content(home: Home, session: Session, review: Review, book: Codebook, profile: Profile) -> Codebook:
    """The book without any term of the name key; in codes named by participants, as `disclosing.content` has their words."""
    key = disclosing.known_names(home, review)
    made = {code.id: code_words.without_names(code, key) for code in book.codes if code.words_of is None}
    for conversation in speaking_in_codes(home, session, review):
        codes = [code for code in book.codes if code.words_of == conversation.extract_key]
        said = code_words.passage(codes)
        ways = [names.replace(said.text, key)]
        if profile is Profile.PUBLIC:
            facts = disclosing.facts_of(home, session, conversation)
            passage = replace(said, text=ways[0].text)
            document = Document(
                conversation=conversation.reference, position=conversation.participant.position, passages=(passage,)
            )
            ways.append(disclosure.for_public(document, facts).turns[code_words.TURN])
        made |= {code.id: code for code in code_words.again(codes, ways)}
    return code_words.with_codes(book, made)
