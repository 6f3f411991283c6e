"""The one place where the log looks to the network: a witness is asked for its cosignature, at the address set for it.

Without an address nothing here is called. What is sent is public by its nature: numbers of entries, hashes and signatures.
"""

import http.client
import re

from storage.errors import Unavailable
from storage.log.cosigning import Request

PATIENCE = 10.0  # seconds
_LONGEST = 64 * 1024
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/:@?#\s]+|\[[0-9a-fA-F:]+\])(?::(?P<port>[0-9]{1,5}))?(?P<path>/[^?#\s]*)?"
)


class WitnessUnreachable(Unavailable):
    """witness: {name} did not answer ({reason}); the log goes on without it, ask again later or by file"""


class WitnessRefused(Unavailable):
    """witness: {name} did not cosign: {reason}"""


class WitnessAhead(Unavailable):
    """witness: {name} has cosigned {known} entries"""


def add_checkpoint(name: str, address: str, request: Request) -> str:
    """Ask a witness to cosign (c2sp.org/tlog-witness, "add-checkpoint"); returns its signature lines, unverified.

    Raises:
        WitnessUnreachable: no connection, no answer within ten seconds, or the address is none.
        WitnessAhead: it has cosigned another size last than the request says.
        WitnessRefused: any other answer.
    """
    status, answer = _post(name, address, str(request).encode())
    if status == 200:
        return answer
    if status == 409 and answer.strip().isdecimal():
        raise WitnessAhead(name=name, known=int(answer))
    raise WitnessRefused(name=name, reason=_REASONS.get(status, f"it answered {status}"))


_REASONS = {
    400: "it does not understand the request",
    403: "it does not accept this log's signature",
    404: "it does not know this log, or there is no witness at this address",
    409: "it has cosigned another head over as many entries; that is evidence of a fork, keep both",
    422: "the proof does not lead from what it knows to this head",
    429: "it is asked too often, try later",
}


def _post(name: str, address: str, body: bytes) -> tuple[int, str]:
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise WitnessUnreachable(name=name, reason="its address is not http(s)://host/path")
    kind = http.client.HTTPSConnection if found["scheme"] == "https" else http.client.HTTPConnection
    connection = kind(found["host"].strip("[]"), int(found["port"]) if found["port"] else None, timeout=PATIENCE)
    try:
        path = (found["path"] or "").rstrip("/") + "/add-checkpoint"
        connection.request("POST", path, body, {"Content-Type": "text/plain; charset=utf-8"})
        response = connection.getresponse()
        answer = response.read(_LONGEST + 1)
        if len(answer) > _LONGEST:
            raise WitnessUnreachable(name=name, reason="its answer does not end")
        return response.status, answer.decode()
    except (OSError, http.client.HTTPException, UnicodeDecodeError) as error:
        raise WitnessUnreachable(name=name, reason=type(error).__name__) from None
    finally:
        connection.close()
