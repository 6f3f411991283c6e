"""Certificates of destruction: all of them, one on paper, and as the files that verify by themselves."""

import json
from typing import Any, Final

from sqlalchemy import select
from starlette.responses import PlainTextResponse, Response

from retention import certificates
from retention.certificate import SECTIONS
from retention.certificate_check import verify_certificate
from retention.orders import reference
from storage.models import Order, OrderState
from web.rendering import render
from web.visit import NoSuchPage, Visit

FIRST: Final = ("number", "name", "role", "label", "state", "passed", "found", "at")
TITLES: Final = {
    "order_digest": "digest of the order",
    "order_detail": "detail of the order",
    "object_count": "number of objects",
}


def page(visit: Visit) -> Response:
    """Every certificate, newest first."""
    with visit.home.reading() as session:
        orders = session.scalars(select(Order).where(Order.state == OrderState.DONE).order_by(Order.number.desc()))
        found = [
            (order.number, reference(order), json.loads(order.certificate)["certificate"])
            for order in orders
            if order.certificate is not None
        ]
    return render(visit, "certificates.html", found=found)


def one(visit: Visit) -> Response:
    """One certificate, to be read and printed; it is verified as it is shown."""
    number, certificate, _ = _find(visit)
    body: dict[str, Any] = json.loads(certificate)
    claims = body["certificate"]
    sections = [(title, [(_title(name), _ordered(claims[name])) for name in names]) for title, names in SECTIONS]
    return render(
        visit,
        "certificate.html",
        reference=visit.part("conversation").upper(),
        number=number,
        claims=claims,
        digest=body["digest"],
        entry=json.loads(body["entry"])["seq"],
        sections=sections[1:],
        report=verify_certificate(certificate, visit.home.signer.verifier_key),
        since=certificates.attested_since(visit.home, certificate),
        key=visit.home.signer.verifier_key,
    )


def text(visit: Visit) -> Response:
    """The readable certificate, which verifies by itself."""
    number, _, readable = _find(visit)
    return _file(PlainTextResponse(readable), f"certificate-{number}.txt")


def data(visit: Visit) -> Response:
    """The certificate as JSON."""
    number, certificate, _ = _find(visit)
    return _file(Response(certificate, media_type="application/json"), f"certificate-{number}.json")


def _find(visit: Visit) -> tuple[int, str, str]:
    found = certificates.shown(visit.home, visit.part("conversation"))
    order = visit.part("order")
    for number, certificate, readable in found:
        if str(number) == order:
            return number, certificate, readable
    raise NoSuchPage


def _title(name: str) -> str:
    return TITLES.get(name, name.replace("_", " "))


def _ordered(value: Any) -> Any:
    """The value with what people look for first at the front."""
    if isinstance(value, list):
        return [_ordered(one) for one in value]
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
        return {name: value[name] for name in names}
    return value


def _file(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
