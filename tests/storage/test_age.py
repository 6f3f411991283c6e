import io
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import age
from storage.age import bech32, header
from storage.age.stream import CHUNK

SEALED = CHUNK + 16
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5]
CLASSICAL, HYBRID = age.X25519Identity(bytes(range(32))), age.HybridIdentity(bytes(range(32)))
LIGHT = 10


def seal(plain: bytes, *recipients: age.Recipient) -> bytes:
    sink = io.BytesIO()
    with age.Writer(sink, recipients or [HYBRID.recipient()]) as sealed:
        sealed.write(plain)
    return sink.getvalue()


def read(file: bytes, *identities: age.Identity) -> bytes:
    return b"".join(age.read(io.BytesIO(file), identities or [HYBRID]))


def seek(file: bytes, *identities: age.Identity) -> bytes:
    with age.Reader(io.BytesIO(file), identities or [HYBRID]) as reader:
        return reader.read()


READERS = [read, seek]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("identity", [CLASSICAL, HYBRID], ids=["classical", "hybrid"])
@pytest.mark.parametrize("reader", READERS)
def test_round_trip(size: int, identity: age.X25519Identity | age.HybridIdentity, reader: Callable[..., bytes]) -> None:
    plain = os.urandom(size)
    file = seal(plain, identity.recipient())
    assert reader(file, identity) == plain
    assert len(file) == header.parse(file).length + 16 + size + 16 * max(1, -(-size // CHUNK))


def test_a_passphrase_opens() -> None:
    file = seal(b"words", age.ScryptRecipient(b"a passphrase", LIGHT))
    assert read(file, age.ScryptIdentity(b"a passphrase")) == b"words"
    with pytest.raises(age.NoMatch):
        read(file, age.ScryptIdentity(b"another"))


@settings(max_examples=60)
@given(st.lists(st.integers(0, 3 * CHUNK), max_size=5))
def test_how_it_is_cut_into_writes_does_not_matter(sizes: list[int]) -> None:
    plain = os.urandom(sum(sizes))
    sink, at = io.BytesIO(), 0
    with age.Writer(sink, [CLASSICAL.recipient()]) as sealed:
        for size in sizes:
            assert sealed.write(memoryview(plain)[at : at + size]) == size
            at += size
    assert read(sink.getvalue(), CLASSICAL) == plain


def test_an_exception_writes_no_final_chunk() -> None:
    sink = io.BytesIO()
    with pytest.raises(ConnectionError), age.Writer(sink, [HYBRID.recipient()]) as sealed:
        sealed.write(bytes(CHUNK + 1))
        raise ConnectionError
    with pytest.raises(ValueError, match="complete"):
        sealed.write(b"more")
    for reader in READERS:
        with pytest.raises(age.PayloadError):
            reader(sink.getvalue())


def test_any_of_several_recipients_opens() -> None:
    others = [age.HybridIdentity.generate() for _ in range(3)]
    file = seal(b"words", *(other.recipient() for other in others))
    assert [read(file, other) for other in others] == [b"words"] * 3
    assert read(file, CLASSICAL, HYBRID, others[1]) == b"words"
    assert age.recipients_of(file) == ("mlkem768x25519",) * 3


@pytest.mark.parametrize(
    "recipients",
    [
        [],
        [CLASSICAL.recipient(), HYBRID.recipient()],
        [age.ScryptRecipient(b"a", LIGHT), age.ScryptRecipient(b"b", LIGHT)],
        [age.ScryptRecipient(b"a", LIGHT), HYBRID.recipient()],
    ],
    ids=["none", "classical beside hybrid", "two passphrases", "passphrase beside another"],
)
def test_recipients_are_not_mixed(recipients: list[age.Recipient]) -> None:
    sink = io.BytesIO()
    with pytest.raises(age.MixedRecipients):
        age.Writer(sink, recipients)
    assert sink.getvalue() == b""


@pytest.mark.parametrize("reader", READERS)
def test_another_key_does_not_open(reader: Callable[..., bytes]) -> None:
    file = seal(b"words")
    for identities in ([age.HybridIdentity.generate()], [CLASSICAL], [age.ScryptIdentity(b"x")], []):
        with pytest.raises(age.NoMatch):
            list(age.read(io.BytesIO(file), identities))
    # The classical half alone of a hybrid identity is not enough.
    with pytest.raises(age.NoMatch):
        reader(file, age.X25519Identity(HYBRID.seed))


def _tampered(file: bytes, start: int) -> dict[str, bytes]:
    """A file of three chunks, damaged in every structural way; `start` is where its first chunk begins."""
    chunks = [file[start + i * SEALED : start + (i + 1) * SEALED] for i in range(3)]
    head, nonce = file[: start - 16], file[start - 16 : start]
    other = seal(bytes(2 * CHUNK + 100))
    other_start = header.parse(other).length + 16
    cases = {
        "swapped": [chunks[1], chunks[0], chunks[2]],
        "first dropped": chunks[1:],
        "middle dropped": [chunks[0], chunks[2]],
        "last dropped": chunks[:2],
        "only the first": chunks[:1],
        "nothing": [],
        "duplicated": [chunks[0], chunks[0], chunks[1], chunks[2]],
        "last twice": [*chunks, chunks[2]],
        "cut by one byte": [*chunks[:2], chunks[2][:-1]],
        "cut inside the last": [*chunks[:2], chunks[2][:20]],
        "cut inside a tag": [*chunks[:2], chunks[2][:5]],
        "one byte added": [*chunks, b"\0"],
        "a chunk of another file": [chunks[0], other[other_start + SEALED : other_start + 2 * SEALED], chunks[2]],
        "the end of another file": [*chunks[:2], other[other_start + 2 * SEALED :]],
    }
    damaged = {name: head + nonce + b"".join(parts) for name, parts in cases.items()}
    damaged |= {f"bit in chunk {i}": _flip(file, start + i * SEALED + 50) for i in range(3)}
    damaged |= {f"bit in tag {i}": _flip(file, start + i * SEALED + len(chunks[i]) - 1) for i in range(3)}
    damaged["bit in the nonce"] = _flip(file, start - 1)
    damaged["another header"] = other[: other_start - 16] + file[start - 16 :]
    return damaged


def _flip(file: bytes, at: int) -> bytes:
    return file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :]


_PLAIN = os.urandom(2 * CHUNK + 100)
_FILE = seal(_PLAIN)
_DAMAGED = _tampered(_FILE, header.parse(_FILE).length + 16)


@pytest.mark.parametrize("case", _DAMAGED)
def test_damage_is_refused(case: str) -> None:
    assert read(_FILE) == seek(_FILE) == _PLAIN
    released = bytearray()
    with pytest.raises(age.PayloadError):
        for chunk in age.read(io.BytesIO(_DAMAGED[case]), [HYBRID]):
            released += chunk
    assert _PLAIN.startswith(released)
    with pytest.raises(age.PayloadError):
        seek(_DAMAGED[case])


@pytest.mark.parametrize(
    "case", ["last dropped", "only the first", "nothing", "cut by one byte", "cut inside the last", "one byte added"]
)
def test_a_cut_file_is_refused_at_open(case: str) -> None:
    with pytest.raises(age.PayloadError):
        age.Reader(io.BytesIO(_DAMAGED[case]), [HYBRID])


def test_an_added_stanza_is_refused() -> None:
    head = header.parse(_FILE)
    stanza = header.encode(bytes(16), [header.Stanza(kind="extra", args=("x",), body=b"")])
    stanza = stanza[stanza.index(b"\n") + 1 : stanza.index(b"---")]
    at = _FILE.index(b"->")
    with pytest.raises(age.HeaderMacError):
        read(_FILE[:at] + stanza + _FILE[at:])
    assert head.stanzas[0].kind == "mlkem768x25519"


@settings(max_examples=60)
@given(st.integers(0, len(_FILE) - 1), st.integers(1, 255))
def test_no_edit_ever_gives_other_plaintext(at: int, change: int) -> None:
    edited = _FILE[:at] + bytes([_FILE[at] ^ change]) + _FILE[at + 1 :]
    for reader in READERS:
        with pytest.raises((age.HeaderError, age.NoMatch, age.PayloadError)):
            reader(edited)


@settings(max_examples=60)
@given(st.integers(-10, len(_PLAIN) + 10), st.integers(0, len(_PLAIN) + 10))
def test_ranges_are_slices(start: int, length: int) -> None:
    with age.Reader(io.BytesIO(_FILE), [HYBRID]) as reader:
        assert reader.size == len(_PLAIN)
        if start < 0:
            assert reader.seek(start, io.SEEK_END) == len(_PLAIN) + start
            assert reader.read(length) == _PLAIN[start:][:length]
        else:
            assert reader.seek(start) == start
            assert reader.read(length) == _PLAIN[start : start + length]
            assert reader.tell() == start + min(length, max(0, len(_PLAIN) - start))


def test_the_reader_is_a_file_as_python_knows_it() -> None:
    source = io.BytesIO(seal(b"one\ntwo\n"))
    with io.BufferedReader(age.Reader(source, [HYBRID])) as reader:
        assert reader.readlines() == [b"one\n", b"two\n"]
        assert reader.seek(-4, io.SEEK_END) == 4
        assert reader.seek(1, io.SEEK_CUR) == 5
        with pytest.raises(ValueError, match="before the start"):
            reader.seek(-1)
    assert source.closed


def test_a_refused_source_is_closed() -> None:
    source = io.BytesIO(b"not an age file")
    with pytest.raises(age.HeaderError):
        age.Reader(source, [HYBRID])
    assert source.closed


class _OneByteAtATime(io.RawIOBase):
    """What a pipe may do: gives and takes less than was asked."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = bytearray(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece, self.data = self.data[: min(size, 1000)], self.data[min(size, 1000) :]
        return bytes(piece)

    def write(self, data: object) -> int:
        assert isinstance(data, bytes | bytearray | memoryview)
        self.data += data[:1000]
        return min(len(data), 1000)


def test_short_reads_and_writes_are_completed() -> None:
    sink = _OneByteAtATime()
    with age.Writer(sink, [HYBRID.recipient()]) as sealed:
        sealed.write(_PLAIN)
    source = _OneByteAtATime(bytes(sink.data))
    assert b"".join(age.read(source, [HYBRID])) == _PLAIN  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"", "ends too early"),
        (b"age-encryption.org/v2\n", "begin as age v1"),
        (b"age-encryption.org/v1\n--- " + b"A" * 43 + b"\n", "no recipient"),
        (b"age-encryption.org/v1\n-> x\n" + b"A" * 70_000, "64 KiB"),
        (b"age-encryption.org/v1\n-> " + b"x" * (1 << 20) + b"\n\n", "64 KiB"),
        (b"age-encryption.org/v1\n" + b"-> x\n\n" * 10_000, "more than 20"),
        (b"age-encryption.org/v1\n" + (b"-> x\n" + (b"A" * 64 + b"\n") * 100 + b"\n") * 15, "64 KiB"),
    ],
    ids=["empty", "version", "no stanza", "long body line", "line of 1 MiB", "10,000 stanzas", "64 KiB"],
)
def test_headers_have_limits(head: bytes, reason: str) -> None:
    with pytest.raises(age.HeaderError, match=reason):
        read(head)


def test_twenty_recipients_are_allowed() -> None:
    recipients = [age.X25519Identity.generate().recipient() for _ in range(19)]
    assert read(seal(b"x", *recipients, CLASSICAL.recipient()), CLASSICAL) == b"x"


@pytest.mark.parametrize("length", [47, 48, 49, 96])
def test_bodies_of_full_lines_end_with_an_empty_one(length: int) -> None:
    stanza = header.Stanza(kind="x", args=(), body=bytes(length))
    head = header.encode(bytes(16), [stanza])
    assert header.parse(head).stanzas == (stanza,)
    assert len(header.parse(head).signed) < len(head) == header.parse(head).length


def test_rewrapping_leaves_the_payload_alone() -> None:
    new = age.HybridIdentity.generate()
    head, start = age.rewrap(_FILE[:2000], [HYBRID], [new.recipient()])
    again = head + _FILE[start:]
    assert read(again, new) == _PLAIN
    with pytest.raises(age.NoMatch):
        read(again, HYBRID)
    # Copies under the old header still open: only the end of the old key ends them.
    assert read(_FILE, HYBRID) == _PLAIN
    with pytest.raises(age.NoMatch):
        age.rewrap(_FILE[:2000], [new], [new.recipient()])


def test_the_examples_of_the_specification() -> None:
    classical = age.parse_identity("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX")
    assert str(classical.recipient()) == "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
    hybrid = age.parse_identity("AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR")
    # The six last symbols are a checksum over the whole recipient.
    assert str(hybrid.recipient()).startswith("age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9rdelkjuh3y235jzxshfg87pzf5zrqtzd")
    assert str(hybrid.recipient()).endswith("yzk3tlhl53k2ykx3qheyty7saeq0d3fzv49zc0k")


@pytest.mark.parametrize("identity", [CLASSICAL, HYBRID], ids=["classical", "hybrid"])
def test_texts_are_read_back(identity: age.X25519Identity | age.HybridIdentity) -> None:
    assert age.parse_identity(f" {identity}\n") == identity
    assert str(identity).isupper()
    recipient = identity.recipient()
    assert age.parse_recipient(str(recipient)) == recipient
    assert age.parse_recipient(str(recipient).upper()) == recipient


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age1",
        "x",
        str(CLASSICAL),
        str(CLASSICAL.recipient())[:-1],
        str(CLASSICAL.recipient()).replace("q", "Q"),
        bech32.encode("age", bytes(31)),
        bech32.encode("age1pq", bytes(1215)),
        bech32.encode("age1pq", b"\xff" * 1216),
        bech32.encode("age1tag", bytes(33)),
        "ägé1qqqqqqqq",
    ],
)
def test_other_texts_are_no_recipients(text: str) -> None:
    with pytest.raises(age.BadRecipient):
        age.parse_recipient(text)


@pytest.mark.parametrize(
    "text", ["", str(CLASSICAL)[:-1], str(HYBRID.recipient()), bech32.encode("age-secret-key-", b"x")]
)
def test_other_texts_are_no_identities(text: str) -> None:
    with pytest.raises(age.BadIdentity):
        age.parse_identity(text)


@settings(max_examples=60)
@given(st.binary(max_size=100))
def test_bech32_is_read_back(data: bytes) -> None:
    assert bech32.decode(bech32.encode("age", data)) == ("age", data)


def test_bech32_sees_every_changed_symbol() -> None:
    text = bech32.encode("age", bytes(range(32)))
    for at in range(4, len(text)):
        with pytest.raises(ValueError, match="checksum"):
            bech32.decode(text[:at] + ("q" if text[at] != "q" else "p") + text[at + 1 :])


@pytest.mark.parametrize("text", ["age1qpu0j2ex", "age1qdd35qf", "age1qqqqpkfpvdc"])
def test_bech32_has_one_spelling(text: str) -> None:
    # One, two and five symbols, correctly checksummed, whose last bits fill no byte and are not all zero, or too many.
    with pytest.raises(ValueError, match="stray"):
        bech32.decode(text)


def test_a_low_order_recipient_is_refused() -> None:
    with pytest.raises(age.BadRecipient):
        seal(b"x", age.X25519Recipient(bytes(32)))
    with pytest.raises(age.BadRecipient):
        seal(b"x", age.HybridRecipient(bytes(1)))


def test_secrets_do_not_show() -> None:
    passphrase = b"correct horse"
    shown = repr(
        [CLASSICAL, HYBRID, age.ScryptIdentity(passphrase), age.ScryptRecipient(passphrase), header.parse(_FILE)]
    )
    assert "correct" not in shown
    for secret in (CLASSICAL.secret, HYBRID.seed):
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown
    # The control: str() is how an identity is handed out, so there it is.
    assert str(HYBRID) not in shown and bech32.decode(str(HYBRID))[1] == HYBRID.seed


def test_memory_stays_flat(tmp_path: Path) -> None:
    """64 MiB in and out within 8 MiB of Python memory."""
    block, path = os.urandom(1 << 20), tmp_path / "sealed"
    tracemalloc.start()
    try:
        with path.open("wb") as sink, age.Writer(sink, [HYBRID.recipient()]) as sealed:
            for _ in range(64):
                sealed.write(block)
        with path.open("rb") as source:
            assert sum(len(chunk) for chunk in age.read(source, [HYBRID])) == 64 << 20
        with age.Reader(path.open("rb"), [HYBRID]) as reader:
            while piece := reader.read(1 << 20):
                assert piece == block
        _, peak = tracemalloc.get_traced_memory()
        assert peak < 8 << 20
        whole = path.read_bytes()
        assert tracemalloc.get_traced_memory()[1] > len(whole), "the control: the meter sees a file held in memory"
    finally:
        tracemalloc.stop()
