"""A visit as an iCalendar file (RFC 5545)."""

from datetime import UTC, datetime

_LONGEST_LINE = 75  # octets, without the line break
_ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


def calendar_file(
    *, uid: str, stamp: datetime, starts_at: datetime, ends_at: datetime, summary: str, place: str, note: str
) -> str:
    """One event with a reminder two hours before it; times in UTC, so that every calendar shows them right."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Tongban//Booking//ZH",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{_utc(stamp)}",
        f"DTSTART:{_utc(starts_at)}",
        f"DTEND:{_utc(ends_at)}",
        f"SUMMARY:{summary.translate(_ESCAPED)}",
        f"LOCATION:{place.translate(_ESCAPED)}",
        f"DESCRIPTION:{note.translate(_ESCAPED)}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{summary.translate(_ESCAPED)}",
        "TRIGGER:-PT2H",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_folded(line) for line in lines)


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _folded(line: str) -> str:
    """Long lines go on after a line break and a space; never inside a character."""
    parts, part, size = list[str](), "", 0
    for character in line:
        width = len(character.encode())
        if size + width > _LONGEST_LINE:
            parts.append(part)
            part, size = " ", 1
        part, size = part + character, size + width
    return "\r\n".join([*parts, part]) + "\r\n"
