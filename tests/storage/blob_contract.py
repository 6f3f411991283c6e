"""What every store of sealed files must do. A test class of an implementation inherits this and provides `blobs`."""

import hashlib
import io
import os
from collections.abc import Iterator

import pytest

from storage import age
from storage.blobs import BlobRef, Blobs, Kind, NoSuchBlob

BLOCK = 1024 * 1024
UNKNOWN = BlobRef("0" * 32)


class BlobContract:
    @pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
    def test_gives_back_what_was_written(self, blobs: Blobs, size: int) -> None:
        data = os.urandom(size)
        ref = blobs.write([data[: size // 3], b"", data[size // 3 :]])
        assert b"".join(blobs.read(ref)) == data
        with blobs.open(ref) as file:
            assert file.read() == data

    def test_reads_ranges(self, blobs: Blobs) -> None:
        data = os.urandom(2 * BLOCK + 77)
        ref = blobs.write([data])
        for start, length in [
            (0, 0),
            (0, 1),
            (5, 10),
            (BLOCK - 1, 2),
            (BLOCK, BLOCK),
            (len(data) - 1, 50),
            (len(data) + 9, 5),
        ]:
            assert b"".join(blobs.read(ref, start, length)) == data[start : start + length]
        assert b"".join(blobs.read(ref, 100)) == data[100:]

    def test_the_opened_blob_is_seekable(self, blobs: Blobs) -> None:
        with blobs.open(blobs.write([b"0123456789"])) as file:
            assert file.seek(-3, io.SEEK_END) == 7
            assert file.read() == b"789"
            file.seek(2)
            assert file.read(2) == b"23"

    def test_the_sink_knows_size_and_digest(self, blobs: Blobs) -> None:
        with blobs.writing() as sink:
            assert sink.write(b"abc") == 3
            sink.write(memoryview(b"def"))
        assert (sink.size, sink.sha256) == (6, hashlib.sha256(b"abcdef").hexdigest())
        assert b"".join(blobs.read(sink.ref)) == b"abcdef"

    def test_sealing_streams_into_a_blob(self, blobs: Blobs) -> None:
        identity, plain = age.HybridIdentity.generate(), os.urandom(200_000)
        with blobs.writing() as sink, age.Writer(sink, [identity.recipient()]) as sealed:
            sealed.write(plain)
        with age.Reader(blobs.open(sink.ref), [identity]) as reader:
            assert reader.read() == plain

    def test_an_exception_leaves_nothing(self, blobs: Blobs) -> None:
        kept = blobs.write([b"kept"])

        def broken() -> Iterator[bytes]:
            yield os.urandom(100_000)
            raise ConnectionError

        with pytest.raises(ConnectionError):
            blobs.write(broken())
        assert [(found.name, found.kind, found.size) for found in blobs.survey()] == [(kept, Kind.BLOB, 4)]

    def test_a_blob_is_invisible_until_it_is_complete(self, blobs: Blobs) -> None:
        with blobs.writing() as sink:
            sink.write(b"half")
            assert all(found.kind is not Kind.BLOB for found in blobs.survey())
            with pytest.raises(NoSuchBlob):
                blobs.open(sink.ref)
        assert [found.kind for found in blobs.survey()] == [Kind.BLOB]

    def test_references_are_never_reused(self, blobs: Blobs) -> None:
        assert len({blobs.write([b"same"]) for _ in range(20)}) == 20

    def test_destroys_one_and_only_one(self, blobs: Blobs) -> None:
        first, second = blobs.write([b"first"]), blobs.write([b"second"])
        gone = blobs.destroy(first)
        assert (gone.ref, gone.existed, gone.remains) == (first, True, ())
        with pytest.raises(NoSuchBlob):
            blobs.open(first)
        assert [found.name for found in blobs.survey()] == [second]

    def test_destroying_may_be_repeated(self, blobs: Blobs) -> None:
        ref = blobs.write([b"x"])
        blobs.destroy(ref)
        again = blobs.destroy(ref)
        assert (again.existed, again.remains) == (False, ())

    @pytest.mark.parametrize(
        "ref", [UNKNOWN, "../x", "", "/etc/hostname", "a/b", "A" * 32, "0" * 31, "0" * 32 + "\n", "\0" * 32]
    )
    def test_an_unknown_reference_is_refused(self, blobs: Blobs, ref: str) -> None:
        with pytest.raises(NoSuchBlob):
            blobs.open(BlobRef(ref))
        with pytest.raises(NoSuchBlob):
            list(blobs.read(BlobRef(ref)))

    def test_nothing_unfinished_means_nothing_swept(self, blobs: Blobs) -> None:
        blobs.write([b"x"])
        assert blobs.sweep_unfinished() == 0
        assert len(list(blobs.survey())) == 1

    def test_a_running_writer_is_not_swept(self, blobs: Blobs) -> None:
        with blobs.writing() as sink:
            sink.write(b"in progress")
            assert blobs.sweep_unfinished() == 0
        assert b"".join(blobs.read(sink.ref)) == b"in progress"
