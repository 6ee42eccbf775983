"""The slip of a booked visit: one page to print, which asks nothing from outside."""

from base64 import b64encode
from hashlib import sha256
from typing import Any

from templates.pages import render_page


def visit_slip(**facts: Any) -> str:
    """The page: number, item, name, point, address, phone, starts_at, ends_at, who, bring."""
    return render_page("booking/slip.html", **facts)


def visit_slip_policy() -> str:
    """The Content-Security-Policy a door sends with it: nothing but the style it carries itself."""
    style = render_page("booking/slip.css")
    fingerprint = b64encode(sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{fingerprint}'; base-uri 'none'; form-action 'none'"
