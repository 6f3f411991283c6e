"""Is this log the one that was signed? Is this certificate in it? Short, to be read first; all but "verified" is a no.
python check.py log.jsonl KEY [EARLIER-CHECKPOINT ...]   or   python check.py certificate.json KEY"""

import json
import sys
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def need(condition: object, text: str) -> None:
    if not condition:
        sys.exit(f"NOT verified: {text}")


def digest(value: object) -> str:
    return sha256(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def signed(note: str, key: str) -> tuple[int, bytes]:  # c2sp.org/signed-note, c2sp.org/tlog-checkpoint
    (name, _, public), (text, _, lines) = key.split("+", 2), note.rpartition("\n\n")
    blobs = [b64decode(line.split(" ")[2]) for line in lines.split("\n") if line.startswith(f"— {name} ")]
    key_id = sha256(name.encode() + b"\n" + b64decode(public)).digest()[:4]
    (signature,) = [blob[4:] for blob in blobs if blob[:4] == key_id]
    Ed25519PublicKey.from_public_bytes(b64decode(public)[1:]).verify(signature, f"{text}\n".encode())
    need(text.split("\n")[0] == name, "the checkpoint is of another log")
    return int(text.split("\n")[1]), b64decode(text.split("\n")[2])


file, log_key, *earlier = sys.argv[1:]
first, *lines = Path(file).read_bytes().decode().removesuffix("\n").split("\n")
outer = json.loads(first)
if "bundle" in outer:
    leaves = [sha256(b"\0" + line.encode()).digest() for line in lines if line.startswith('{"actor":')]
    for note in (*(Path(kept).read_bytes().decode() for kept in earlier), outer["checkpoint"]):
        size, root = signed(note, log_key)
        level = leaves[:size] or [sha256().digest()]
        while len(level) > 1:  # RFC 6962: pairs of neighbours; a last one without a neighbour moves up
            pairs = zip(level[::2], level[1::2], strict=False)
            level = [*(sha256(b"\1" + a + b).digest() for a, b in pairs), *level[len(level) & ~1 :]]
        need(size <= len(leaves) and level == [root], f"these are not the {size} entries that were signed")
    need(size == len(leaves), "some entries are not signed")
else:
    claims, entry, (proof, _, note) = outer["certificate"], json.loads(outer["entry"]), outer["proof"].partition("\n\n")
    order = digest({"detail": claims["order_detail"], "obj": [claims["order"], *claims["objects"]]})
    for person in claims["people"]:
        public, signature = bytes.fromhex(person["key"]), b64decode(person["signature"])
        Ed25519PublicKey.from_public_bytes(public).verify(signature, f"candour/order/v1\n{order}".encode())
    need(len({person["key"] for person in claims["people"]}) > 1, "the order was not approved by two people")
    logged = (entry["event"], entry["ref"], entry["detail"]["certificate"])
    need(logged == ("destroy.done", order, digest(claims)), "the certificate is not the one that was logged")
    (size, root), at, found = signed(note, log_key), entry["seq"], sha256(b"\0" + outer["entry"].encode()).digest()
    inner, path = (at ^ (size - 1)).bit_length(), [b64decode(step) for step in proof.split("\n")[2:]]
    for up, step in enumerate(path):
        found = sha256(b"\1" + (step + found if up >= inner or at >> up & 1 else found + step)).digest()
    need(len(path) == inner + (at >> inner).bit_count() and found == root, "its entry is not in the log")
print("verified")
