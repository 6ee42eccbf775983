"""What a browser reads out of a page of the console: forms, boxes to tick, refusals."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from tests.journeys.expect import NotAsItShouldBe
from tests.journeys.wire import Form, Reply


@dataclass
class HtmlForm:
    """A form: what would be sent untouched, the boxes that may be ticked, and the buttons that carry a value."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def ticks(self, name: str) -> list[str]:
        """The values of the boxes under a name."""
        return [value for box, value in self.boxes if box == name]

    def filled(self, typed: dict[str, str], ticked: Form = ()) -> list[tuple[str, str]]:
        """As it is sent. What the form has no place for is an error: a clerk couldn't have entered it either."""
        known = {name for name, _ in (*self.fields, *self.buttons)}
        foreign = [name for name in typed if name not in known] + [box for box in ticked if box not in self.boxes]
        if foreign:
            raise NotAsItShouldBe(f"form {self.action}", f"a place for {foreign}", self)
        buttons = [(name, value) for name, value in typed.items() if name not in dict(self.fields)]
        return [(name, typed.get(name, value)) for name, value in self.fields] + buttons + list(ticked)


class Page:
    """A page of the console."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.html = reply.text
        reader = _Reader()
        reader.feed(self.html)
        self.forms = reader.forms
        self.text = " ".join(" ".join(reader.words).split())

    @property
    def refusal(self) -> str | None:
        """The code of the refusal on top of the page."""
        found = re.search(r'data-code="([a-z_]+)"', self.html)
        return found[1] if found else None

    def form(self, action: str, **having: str) -> HtmlForm:
        """The form that leads there; ``having`` picks one of several by a field."""
        for form in self.forms:
            if form.action == action and having.items() <= dict(form.fields).items():
                return form
        raise NotAsItShouldBe(self.reply.asked, f"a form to {action}", self.refusal or self.text[:400])

    def offers(self, action: str) -> bool:
        """Whether there is such a form."""
        return any(form.action == action for form in self.forms)

    def insist_refused(self, code: str) -> None:
        """The page must say no for this reason."""
        if self.reply.status < 400 or self.refusal != code:
            raise NotAsItShouldBe(self.reply.asked, f"refused: {code}", f"{self.reply.status} {self.refusal}")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[HtmlForm] = []
        self.words: list[str] = []
        self._by_id: dict[str, HtmlForm] = {}
        self._early: list[tuple[str, tuple[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open(of)
        elif tag in {"input", "select", "textarea", "button"} and of.get("name"):
            self._place(tag, of)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def _open(self, of: dict[str, str]) -> None:
        form = HtmlForm(of.get("action", ""))
        self.forms.append(form)
        if of.get("id"):
            self._by_id[of["id"]] = form
            form.fields += [pair for owner, pair in self._early if owner == of["id"]]

    def _place(self, tag: str, of: dict[str, str]) -> None:
        pair = (of["name"], of.get("value", ""))
        if of.get("form"):  # stands before its form, outside of it
            owner = self._by_id.get(of["form"])
            self._early.append((of["form"], pair)) if owner is None else owner.fields.append(pair)
        elif of.get("type") in {"checkbox", "radio"}:
            self.forms[-1].boxes.append(pair)
        elif tag == "button":
            self.forms[-1].buttons.append(pair)
        else:
            self.forms[-1].fields.append(pair)
