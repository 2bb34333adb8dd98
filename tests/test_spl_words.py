"""Every word of every real label stands in exactly one passage, in order, and nothing else does.

The label is read here a second time, with another parser (xml.etree) and another flattening that shares no code with
the importer; only the marks that docs/content-format.md defines are known to both.
"""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.content.spl.importing import read_spl
from assistant.content.writing import DocumentDraft, PassageDraft

NS = "{urn:hl7-org:v3}"
BREAK = "\n"
SPACE = " \t\r\n"
DATA = Path(os.environ.get("ONLABEL_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
LABELS = sorted((DATA / "labels" / "spl").glob("*.xml"))

needs_labels = pytest.mark.skipif(not LABELS, reason="no real labels here: set ONLABEL_DATA")


class Flat:
    """A narrative text as one string, its footnotes as another."""

    def __init__(self, text: ET.Element, media: dict[str, str], before: int = 0) -> None:
        self.media = media
        everything = list(text.iter(f"{NS}footnote"))
        notes = [note for note in everything if "".join(note.itertext()).strip(SPACE)]  # an empty one says nothing
        self.empty = {note.get("ID") for note in everything if note not in notes} - {None}
        self.number = {id(note): n for n, note in enumerate(notes, before + 1)}
        self.by_name = {note.get("ID"): self.number[id(note)] for note in reversed(notes)}
        self.notes: list[tuple[int, str]] = []
        self.main = self.inside(text)

    def inside(self, element: ET.Element, skip: ET.Element | None = None) -> str:
        out = [element.text or ""]
        for child in element:
            if child is not skip:
                out.append(self.one(child))
            out.append(child.tail or "")
        return "".join(out)

    def one(self, child: ET.Element) -> str:
        name = child.tag.removeprefix(NS)
        if name == "br":
            return BREAK
        if name in ("sup", "sub"):
            inner = self.inside(child)
            return f"<{name}>{inner}</{name}>" if inner.strip(SPACE) or len(child) else ""
        if name == "footnote" and id(child) not in self.number:
            return ""
        if name == "footnoteRef" and child.get("IDREF") in self.empty:
            return ""
        if name == "footnote":
            place = len(self.notes)
            body = self.inside(child)
            self.notes.append((self.number[id(child)], body))
            assert len(self.notes) == place + 1, "a footnote within a footnote"
            return f"[^{self.number[id(child)]}]"
        if name == "footnoteRef":
            return f"[^{self.by_name.get(child.get('IDREF'), child.get('IDREF'))}]"
        if name == "renderMultiMedia":
            target = child.get("referencedObject", "")
            return f"![{' '.join(words(self.inside(child)))}]({self.media.get(target, target)})"
        if name == "list":
            return BREAK + self.listing(child) + BREAK
        if name == "table":
            return BREAK + self.table(child) + BREAK
        if name == "paragraph":
            return BREAK + self.inside(child) + BREAK
        return self.inside(child)

    def listing(self, element: ET.Element) -> str:
        out, count = [], 0
        for child in element:
            if child.tag != f"{NS}item":
                out.append(self.one(child) + BREAK)
                continue
            count += 1
            caption = child.find(f"{NS}caption")
            own = self.inside(caption).strip(SPACE) if caption is not None else ""
            bullet = bool(own) and re.fullmatch(r"\s*[•o·▪–-]?\s*", own) is not None  # drawn: it is the mark itself
            own = "" if bullet else own
            usual = "-" if bullet else self.mark(element, count)
            mark = own if re.fullmatch(r"\d{1,3}\.", own) else f"- {own}" if own else usual
            body = self.inside(child, caption)
            if own or body.strip(SPACE):
                out.append(f"{mark} {body}{BREAK}")
        return "".join(out)

    @staticmethod
    def mark(element: ET.Element, count: int) -> str:
        if element.get("listType") != "ordered":
            return "-"
        style = element.get("styleCode", "")
        if style == "LittleAlpha":
            return f"{'abcdefghijklmnopqrstuvwxyz'[count - 1]}."
        assert style.lower() in ("", "arabic"), style
        return f"{count}."

    def table(self, element: ET.Element) -> str:
        parts: dict[str, list[str]] = {"caption": [], "thead": [], "tbody": [], "tfoot": []}
        # Footnotes are numbered where they stand and listed where they are shown: the foot comes last.
        for wanted in parts:
            for child in element:
                name = child.tag.removeprefix(NS)
                if name == wanted or (wanted == "tbody" and name == "tr"):
                    parts[wanted].append(self.inside(child) if name == "caption" else self.rows(child))
        return BREAK.join(BREAK.join(part) for part in parts.values())

    def rows(self, part: ET.Element) -> str:
        rows = [part] if part.tag == f"{NS}tr" else part.findall(f"{NS}tr")
        return BREAK.join(BREAK.join(self.inside(cell) for cell in row) for row in rows)


def words(text: str) -> list[str]:
    return [word for word in re.split(r"[ \t\r\n]+", text) if word]


def letters(text: str) -> str:
    return "".join(words(text))


def flatten_title(title: ET.Element | None) -> str:
    if title is None:
        return ""
    return " ".join(words(Flat(title, {}).main))


class Label:
    """What the label says, in its own order: titles, texts, Highlights."""

    def __init__(self, data: bytes) -> None:
        root = ET.fromstring(data)  # noqa: S314  read_spl has refused what could harm
        self.media = {
            found.get("ID", ""): found.find(f".//{NS}reference").get("value", "")  # type: ignore[union-attr]
            for found in root.iter(f"{NS}observationMedia")
        }
        self.main: list[str] = []
        self.notes: list[str] = []
        self.highlights: list[str] = []
        self.highlight_notes: list[str] = []
        self.paths: set[tuple[str, ...]] = set()
        self.title = flatten_title(root.find(f"{NS}title"))
        for section in root.findall(f"{NS}component/{NS}structuredBody/{NS}component/{NS}section"):
            self.footnotes = 0  # numbered through a whole top-level section
            self.section(section, ())

    def section(self, section: ET.Element, above: tuple[str, ...]) -> None:
        title = flatten_title(section.find(f"{NS}title"))
        path = (*above, title) if title else above
        self.paths.add(path)
        for text in section.findall(f"{NS}text"):
            flat = Flat(text, self.media, self.footnotes)
            self.footnotes += len(flat.notes)
            self.main.append(flat.main)
            self.notes += [f"[^{number}]: {body}" for number, body in flat.notes]
        for text in section.findall(f"{NS}excerpt/{NS}highlight/{NS}text"):
            flat = Flat(text, self.media)
            self.highlights.append(flat.main)
            self.highlight_notes += [f"[^{number}]: {body}" for number, body in flat.notes]
        for below in section.findall(f"{NS}component/{NS}section"):
            self.section(below, path)


def unmark(passage: PassageDraft) -> tuple[list[str], list[str], list[str]]:
    """Headings, text and footnotes of a passage, without the marks of tables."""
    headings: list[str] = []
    main: list[str] = []
    notes: list[str] = []
    for block in passage.text.split("\n\n"):
        lines = block.split("\n")
        while lines and lines[0].startswith("## "):
            headings.append(lines.pop(0).removeprefix("## "))
        if lines and lines[0].startswith("[^") and re.match(r"\[\^\w+\]: ", lines[0]):
            notes += lines
            continue
        for line in lines:
            main += cells(line.lstrip(" ")) if line.lstrip(" ").startswith("|") else [line]
    return headings, main, notes


def cells(line: str) -> Iterator[str]:
    if re.fullmatch(r"\|(---\|)+", line):
        return
    for cell in re.split(r"(?<!\\)\|", line):
        if cell.strip(" ") != "^^":
            yield cell.replace("\\|", "|").replace("<br>", "\n")


def is_pointer(passage: PassageDraft) -> bool:
    return passage.serves == ("full_prescribing_information",)


def compare(draft: DocumentDraft, data: bytes) -> None:
    """Fail where the passages of ``draft`` are not the words of the label in ``data``."""
    label = Label(data)
    found: dict[bool, list[str]] = {True: [], False: []}
    notes: dict[bool, list[str]] = {True: [], False: []}
    for passage in draft.passages:
        if is_pointer(passage):
            assert passage.text in label.title
            continue
        headings, main, own_notes = unmark(passage)
        depth = max((n for n in range(len(headings) + 1) if tuple(headings[:n]) in label.paths), default=0)
        known = {title for path in label.paths for title in path}
        assert not headings or (depth and set(headings) <= known), headings
        found[passage.locator == "Highlights"] += main
        notes[passage.locator == "Highlights"] += own_notes
    same(" \n".join(found[False]), " \n".join(label.main))
    same(" \n".join(found[True]), " \n".join(label.highlights))
    same(" \n".join(notes[False]), " \n".join(label.notes))
    same(" \n".join(notes[True]), " \n".join(label.highlight_notes))


def same(ours: str, theirs: str) -> None:
    one, two = letters(ours), letters(theirs)
    if one != two:
        at = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
        pytest.fail(f"differ at character {at}: ours {one[at - 60 : at + 60]!r}, the label {two[at - 60 : at + 60]!r}")
    # The marks themselves take part above; here only where words begin and end matters.
    marks = re.compile(r"</?su[bp]>|\[\^\w+\]")
    assert words(marks.sub("", ours)) == words(marks.sub("", theirs))


@needs_labels
@pytest.mark.parametrize("path", LABELS, ids=lambda path: path.stem)
def test_every_word_of_a_real_label_stands_in_exactly_one_passage(path: Path) -> None:
    data = path.read_bytes()
    compare(read_spl(data, path.name), data)
