"""Faults in the characters and in the block marks of approved text, for ``onlabel check``.

Guarantees: every finding says where (line of the file, column or character, code point, Unicode name) and what to do;
no finding quotes the text of a passage. Nothing is changed. What no eye can see or tell apart (bidirectional controls,
zero-width characters, letters of another script inside a word: Unicode TR36, TR39, CVE-2021-42574) is an error in words
that people write for Onlabel; in the body of an imported label it is the label's own and only worth a note. Greek
letters as science writes them ("TNFα", "β-blocker", "NFκB") are no fault.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from assistant.content.corpus import Corpus, SourcedDocument, SourcedPassage
from assistant.content.faults import Fault

_BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ZERO_WIDTH = frozenset("\u200b\u200c\u200d\u2060\ufeff")
_JOINERS = frozenset("\u200c\u200d")
#: Arabic to Mongolian: there joiners decide how a word is written (Unicode standard, 23.2).
_SCRIPTS_WITH_JOINERS = re.compile("[\u0600-\u18af]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
#: Greek and Coptic, Cyrillic, Armenian, Cherokee, Greek extended, more Cyrillic, more Cherokee.
_OTHER_SCRIPTS = re.compile("[\u0370-\u058f\u13a0-\u13ff\u1c80-\u1c8f\u1f00-\u1fff\ua640-\ua69f\uab70-\uabbf]")

_BIDI, _HIDDEN, _CONTROL, _MIXED = "bidirectional control", "zero-width character", "control character", "mixed scripts"
#: These can make approved words read as others, or hide words: the rest is only bad craft.
_GRAVE = frozenset((_BIDI, _HIDDEN, _CONTROL, _MIXED))
_ADVICE = {
    _BIDI: "delete it, it reorders what is seen",
    _HIDDEN: "delete it",
    _CONTROL: "delete it",
    "soft hyphen": "delete it, it splits the word for search",
    "replacement character": "write the character that was lost here",
    "tag character": "delete it, it is invisible",
    "invisible character": "delete it unless the script needs it",
    "separator": "write a line break or a blank line instead",
    "private use character": "write a character that every font knows",
    "unassigned character": "write a character that exists in Unicode",
    "look-alike letter": "write the plain letter",
}

_SCRIPTS = frozenset(("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC"))
_GREEK_OF_SCIENCE = frozenset("αβγδεζηθικλμξπρστφχψωΓΔΘΛΞΠΣΦΨΩ")
#: Cyrillic letters that look like Latin ones: a whole word of them is no word of a text in a Latin script.
_LOOK_LATIN = frozenset("асеорхуіјѕԁһԛԝАВЕКМНОРСТУХІЈЅԌԚԜ")
_CYRILLIC_LANGUAGES = frozenset(("be", "bg", "kk", "ky", "mk", "mn", "ru", "sr", "tg", "uk"))


@dataclass(frozen=True, slots=True)
class _Finding:
    at: int
    kind: str
    message: str


def text_faults(corpus: Corpus) -> Iterator[Fault]:
    """Every fault in names, titles and bodies."""
    imported = {d.document.id for d in corpus.documents if d.document.source.get("sha256")}
    for document in corpus.documents:
        yield from _in_names(document)
    for passage in corpus.passages:
        yield from _in_titles(passage)
        yield from _in_body(passage, passage.passage.document in imported)


def _in_names(sourced: SourcedDocument) -> Iterator[Fault]:
    document = sourced.document
    fields = {
        "version": (document.version,),
        "title": (document.title,),
        "brand_names": document.brand_names,
        "generic_names": document.generic_names,
        "synonyms": document.synonyms,
        "owner": (document.owner,),
        "labeler": (document.labeler,),
    }
    yield from _in_fields(sourced, fields, document.scope.language)


def _in_titles(sourced: SourcedPassage) -> Iterator[Fault]:
    passage = sourced.passage
    fields = {
        "version": (passage.version,),
        "title": (passage.title,),
        "locator": (passage.locator,),
        "references": passage.references,
    }
    yield from _in_fields(sourced, fields, passage.scope.language)


def _in_fields(
    sourced: SourcedDocument | SourcedPassage, fields: dict[str, tuple[str, ...]], language: str
) -> Iterator[Fault]:
    origin = sourced.origin
    for key, values in fields.items():
        for value in values:
            for found in _findings(value, language):
                message = f"{key}, character {found.at + 1}: {found.message}"
                yield Fault(origin.path, origin.line(key), message)


def _in_body(sourced: SourcedPassage, imported: bool) -> Iterator[Fault]:
    text, origin = sourced.passage.text.decode(), sourced.origin
    for found in _findings(text, sourced.passage.scope.language):
        line, column = _place(text, found.at)
        error = found.kind in _GRAVE and not imported
        yield Fault(origin.path, origin.body_line + line, f"column {column}: {found.message}", error)
    for at, message in _broken_structure(text):
        line, _ = _place(text, at)
        yield Fault(origin.path, origin.body_line + line, message, error=False)


def _place(text: str, at: int) -> tuple[int, int]:
    """``(lines before, column from 1)`` of an offset."""
    return text.count("\n", 0, at), at - text.rfind("\n", 0, at)


# --- characters -------------------------------------------------------------------------------------------------------


def _findings(text: str, language: str) -> Iterator[_Finding]:
    """Each suspicious character once, where it first stands; each fault of the whole text once."""
    if "\r\n" in text:
        message = "lines end with CR LF: save it with LF line ends, and keep git from changing them"
        yield _Finding(text.index("\r\n"), "line ends", message)
    if text.isascii():
        if _CONTROLS.search(text):
            yield from _characters(text, language)
        return
    yield from _characters(text, language)
    if not unicodedata.is_normalized("NFC", text):
        at = _first_unnormal(text)
        message = f"{_name(text[at])} is not in Unicode's composed form (NFC): save the text as NFC"
        yield _Finding(at, "not NFC", message)


def _characters(text: str, language: str) -> Iterator[_Finding]:
    present = set(text)
    for character in sorted(present):
        kind = _kind(character)
        if not kind:
            continue
        at = _first(text, character)
        if at < 0:
            continue
        count = text.count(character)
        more = f", {count} times" if count > 1 else ""
        yield _Finding(at, kind, f"{kind} {_name(character)}{more}: {_ADVICE[kind]}")
    if not {_script(character) for character in present} & _SCRIPTS <= {"LATIN"}:
        yield from _mixed_words(text, language)


def _first(text: str, character: str) -> int:
    """Where a suspicious character first stands and is suspicious; -1 nowhere."""
    if character == "\r":
        lone = re.search(r"\r(?!\n)", text)
        return lone.start() if lone else -1
    if character in _JOINERS:
        for found in re.finditer(character, text):
            if not _SCRIPTS_WITH_JOINERS.match(text, found.start() - 1):
                return found.start()
        return -1
    return text.index(character)


@cache
def _kind(character: str) -> str:
    """What is wrong with a character as such; "" nothing."""
    if character in "\n\t" or " " <= character <= "~":
        return ""
    if character in _BIDIRECTIONAL:
        return _BIDI
    if character in _ZERO_WIDTH:
        return _HIDDEN
    special = {"\u00ad": "soft hyphen", "\ufffd": "replacement character"}.get(character)
    if special or "\U000e0000" <= character <= "\U000e007f":
        return special or "tag character"
    if unicodedata.name(character, "").startswith(("FULLWIDTH LATIN", "MATHEMATICAL")) and character.isalpha():
        return "look-alike letter"
    kinds = {"Cc": _CONTROL, "Cf": "invisible character", "Co": "private use character", "Cn": "unassigned character"}
    return kinds.get(unicodedata.category(character), "separator" if character in "\u2028\u2029" else "")


@cache
def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0] if character.isalpha() else ""


def _mixed_words(text: str, language: str) -> Iterator[_Finding]:
    """The first word of two scripts with each foreign letter."""
    seen: set[str] = set()
    read = 0
    for letter in _OTHER_SCRIPTS.finditer(text):
        if letter.start() < read:
            continue
        begin = letter.start()
        while begin > read and text[begin - 1].isalpha():
            begin -= 1
        read = letter.end()
        while text[read : read + 1].isalpha():
            read += 1
        word = text[begin:read]
        foreign = _foreign_letter(word, language)
        if foreign < 0 or word[foreign] in seen:
            continue
        seen.add(word[foreign])
        name = _name(word[foreign])
        message = f"{_MIXED} in a word: {name} looks like another letter: write that one, or a hyphen before"
        yield _Finding(begin + foreign, _MIXED, message)


def _foreign_letter(word: str, language: str) -> int:
    """The offset of a letter that does not belong in ``word``; -1 when all do."""
    scripts = [_script(character) for character in word]
    present = set(scripts) & _SCRIPTS
    if present == {"CYRILLIC"}:
        foreign = language not in _CYRILLIC_LANGUAGES and _LOOK_LATIN.issuperset(word)
        return 0 if foreign else -1
    if len(present) < 2:
        return -1
    if present != {"LATIN", "GREEK"}:
        rare = min(present, key=lambda script: (scripts.count(script), script == "LATIN", script))
        return scripts.index(rare)
    for at, script in enumerate(scripts):
        if script == "GREEK" and not _scientific(word, at):
            return at
    return -1


def _scientific(word: str, at: int) -> bool:
    """Whether the Greek letter ``word[at]`` stands there as a sign: TNFα, NFκB, λz, FcγRIII, μmol; not pαracetamol."""
    if word[at] == "μ" and at == 0:
        return True
    before, after = word[max(0, at - 2) : at], word[at + 1 : at + 3]
    in_a_word = any(len(side) == 2 and side.isalpha() and side.islower() and _latin(side) for side in (before, after))
    return word[at] in _GREEK_OF_SCIENCE and not in_a_word


def _latin(letters: str) -> bool:
    return all(_script(letter) == "LATIN" for letter in letters)


def _first_unnormal(text: str) -> int:
    """Where ``text`` first differs from its NFC form."""
    composed = unicodedata.normalize("NFC", text)
    for at, (ours, theirs) in enumerate(zip(text, composed, strict=False)):
        if ours != theirs:
            # The mark after a letter tells more than the letter that it would join.
            return at + 1 if text[at + 1 : at + 2] and unicodedata.combining(text[at + 1]) else at
    return len(composed)


def _name(character: str) -> str:
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X} {name}".rstrip()


# --- block marks ------------------------------------------------------------------------------------------------------

_TABLE_LINE = re.compile(r"^[ ]*\|.*$", re.MULTILINE)
_PIPE = re.compile(r"(?<!\\)\|")
_HEAD_ENDS = re.compile(r"[ ]*\|(?:[ ]*:?-{3,}:?[ ]*\|)+[ ]*\r?")
_MARK = re.compile(r"\[\^([^\]\s]+)\]")
_NOTE_LINE = re.compile(r"^[ ]*\[\^([^\]\s]+)\]:", re.MULTILINE)
#: ``![`` begins a picture; before a digit or ^ it is an exclamation mark with a citation or a footnote behind.
_PICTURE_BEGINS = re.compile(r"!\[(?![\^\d])")
_PICTURE = re.compile(r"!\[[^\n]*?\]\([ ]*[^\s)][^\n)]*\)")
_LINE_ENDS = (" \n", "\t\n", " \r", "\t\r")
_TRAILING = re.compile(r"[ \t]+(?=\r?(?:\n|\Z))|\n\s*\Z|\A\s*\n")


def _broken_structure(text: str) -> Iterator[tuple[int, str]]:
    if "|" in text:
        yield from _tables(text)
    if "[^" in text:
        yield from _footnotes(text)
    if "![" in text:
        for begin in _PICTURE_BEGINS.finditer(text):
            if not _PICTURE.match(text, begin.start()):
                yield begin.start(), "a picture begins here and names no file: write ![caption](file)"
    # The cheap tests first: hardly any text needs the search.
    likely = text[0].isspace() or text[-1].isspace() or any(end in text for end in _LINE_ENDS)
    found = _TRAILING.search(text) if likely else None
    if found:
        yield found.start(), "white space that nobody sees ends a line or stands around the text: remove it"


def _tables(text: str) -> Iterator[tuple[int, str]]:
    """One finding a table: lines that begin with a pipe and follow each other directly."""
    rows: list[re.Match[str]] = []
    for line in _TABLE_LINE.finditer(text):
        if rows and line.start() != rows[-1].end() + 1:
            yield from _table(rows)
            rows = []
        rows.append(line)
    if rows:
        yield from _table(rows)


def _table(rows: list[re.Match[str]]) -> Iterator[tuple[int, str]]:
    if not any(_HEAD_ENDS.fullmatch(row[0]) for row in rows):
        yield rows[0].start(), "a table without the line that ends its head: write |---|---| below the head, or first"
        return
    # Each pipe but the first closes a column, also where several together close a cell that spans them.
    width = len(_PIPE.findall(rows[0][0])) - 1
    for row in rows:
        columns = len(_PIPE.findall(row[0])) - 1
        if columns != width or not row[0].rstrip().endswith("|"):
            message = f"the table has {width} columns and this row {columns}: close every cell, spans with more pipes"
            yield row.start(), message
            return


def _footnotes(text: str) -> Iterator[tuple[int, str]]:
    lines = {found[1]: found for found in _NOTE_LINE.finditer(text)}
    begins = {found.end(1) for found in lines.values()}
    marks = {found[1]: found for found in reversed(list(_MARK.finditer(text))) if found.end(1) not in begins}
    for name, mark in marks.items():
        if name not in lines:
            yield mark.start(), f"footnote mark {name} has no footnote: add the line [^{name}]: after the block"
    for name, line in lines.items():
        if name not in marks:
            yield line.start(), f"footnote {name} has no mark in the text: set [^{name}] where it belongs"
