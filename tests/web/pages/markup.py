"""A strict reading of HTML: what was opened is closed, in order."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "link", "meta"}


@dataclass(frozen=True)
class Element:
    """A start tag with its attributes."""

    tag: str
    attributes: dict[str, str | None]


@dataclass
class Document:
    """All elements in order, and the text as a reader sees it."""

    elements: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of this name."""
        return [element.attributes for element in self.elements if element.tag == tag]

    def forms(self) -> list[dict[str, str | None]]:
        """The hidden fields of each form, apart from the token that all of them bear."""
        forms: list[dict[str, str | None]] = []
        for element in self.elements:
            if element.tag == "form":
                forms.append({})
            elif element.tag == "input" and element.attributes.get("type") == "hidden":
                name = element.attributes["name"] or ""
                forms[-1] |= {} if name == "form_token" else {name: element.attributes["value"]}
        return forms


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.document = Document()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        self.document.elements.append(Element(tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.document.elements.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes something else, inside {self.open}"

    def handle_data(self, data: str) -> None:
        self.document.text += data


def read(html: str) -> Document:
    """Parse a page; fail where it is not well-formed."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [], f"never closed: {reader.open}"
    reader.document.text = " ".join(reader.document.text.split())
    return reader.document
