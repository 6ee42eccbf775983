"""Letters an operator places: a folder per version, as docs/letters.md says."""

from datetime import date
from hashlib import sha256
from pathlib import Path

from templates.letters import letter_text

JIANGXI = "jiangxi-province-wide-id-card-first-v1"


def place_letter(
    folder: Path,
    version: str,
    first_day: date,
    *,
    scope: str = "province-wide",
    residence: str = "36",
    text: str | None = None,
    digest: str | None = None,
    source: str = "测试用的第二版文本",
) -> None:
    """Drop in a letter; without a text it is the Jiangxi one with one more sentence."""
    text = text or letter_text(JIANGXI).text + "\n第二版增加的一句。"
    place = folder / version
    place.mkdir(parents=True)
    (place / "letter.txt").write_text(text + "\n", encoding="utf-8")
    written = digest or sha256(text.encode()).hexdigest()
    meta = {"item": "id_card_first_application", "scope": scope, "residence": residence, "source": source}
    lines = [f'{name} = "{value}"' for name, value in meta.items()]
    told = "\n".join([*lines, f"first_day = {first_day.isoformat()}", f'sha256 = "{written}"'])
    (place / "meta.toml").write_text(told, encoding="utf-8")
