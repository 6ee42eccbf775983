"""Pages: HTML for the counter, for reading the API and for letters, and the files they link to."""

from functools import cache
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from domain.applicant import mask_name, mask_phone
from domain.refusal import Refusal
from templates.labels import audit_act, audit_actor, label
from templates.shown import day, shown, when, yuan

_PAGES = Path(__file__).parent / "pages"
_STATIC = Path(__file__).parent / "static"

__all__ = ["label", "render_page", "static_file"]


def render_page(page: str, /, **context: Any) -> str:
    """The page (a path under ``templates/pages``) with its context; every value is escaped, a missing one is an error.

    Filters: ``when``, ``day`` (Shanghai), ``label``, ``shown``, ``yuan``, ``mask_name``, ``mask_phone``, ``audit_act``,
    ``audit_actor``.
    """
    return _environment().get_template(page).render(**context)


def static_file(name: str) -> tuple[bytes, str]:
    """The bytes of a file under ``templates/static`` and its content type; raises Refusal ``not_found``."""
    files = _static_files()
    if name not in files:
        raise Refusal("not_found")
    return files[name]


@cache
def _static_files() -> dict[str, tuple[bytes, str]]:
    return {path.name: (path.read_bytes(), _content_type(path)) for path in _STATIC.iterdir() if path.is_file()}


def _content_type(path: Path) -> str:
    kind = guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {"when": when, "day": day, "label": label, "shown": shown, "yuan": yuan}
    environment.filters |= {**filters, "mask_name": mask_name, "mask_phone": mask_phone}
    environment.filters |= {"audit_act": audit_act, "audit_actor": audit_actor}
    return environment
