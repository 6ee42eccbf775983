"""The technical log: JSON lines on standard error, UTC, one constant event name and ids. Never a person (V16.2)."""

import json
import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import orjson
import structlog
from structlog.tracebacks import ExceptionDictTransformer

_TELLING = re.compile(r"(?<![0-9A-Za-z])(?:[1-9][0-9]{16}[0-9Xx]|1[3-9][0-9]{9})(?![0-9A-Za-z])")

_SHORTEST = 11  # characters of a phone number


def configure_logs() -> None:
    """Set structlog and the standard library's logging up for this process."""
    logging.basicConfig(level=logging.WARNING, handlers=[_LibraryLines()], force=True)
    lines = structlog.BytesLogger(sys.stderr.buffer)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),  # locals hold people
            mask_numbers,
            structlog.processors.JSONRenderer(serializer=_written),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_names: lines,  # one for all of them: making one costs more than the line
        cache_logger_on_first_use=False,
    )


def _written(entry: Any, default: Callable[[Any], Any]) -> bytes:
    """One line of JSON; what orjson cannot write (half a character, a huge number) is written all the same."""
    try:
        return orjson.dumps(entry, default=default)
    except TypeError:
        return json.dumps(entry, default=default).encode()


class _LibraryLines(logging.Handler):
    """A library's own warnings: which one and what kind of trouble, never its text.

    An HTTP server quotes the line it could not read, a driver the row it could not write: a person may stand there.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write one JSON line."""
        trouble = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        structlog.get_logger().warning("library_trouble", library=record.name, grade=record.levelname, trouble=trouble)


def mask_numbers(_logger: Any, _name: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last net under the rule that no log line holds a person: identity and phone numbers become stars."""
    return {
        key: _TELLING.sub("***", value) if isinstance(value, str) and len(value) >= _SHORTEST else value
        for key, value in entry.items()
    }
