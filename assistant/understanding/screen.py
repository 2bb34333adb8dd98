"""The safety screen: reviewable rules that look for danger, harm, defects and attacks in what somebody wrote.

Guarantees: the whole text is read, however long; the same text always gives the same findings, in the order of the
rules; time grows with the length of the text and with nothing else, because rules see pieces of at most ``PIECE``
characters, equal pieces once, and a rule is tried only where the words stand that it needs. In a text longer than
``LONG`` one rule of each flag is enough. The screen knows no medicines, intents or models: it works where those fail.

Refuses rules that could run away: an unlimited gap (``.*``) or an unlimited repetition of a group (``(...)+``).
What the rules mean stands in ``screen.yaml``, which reviewers own and sign.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.content.frontmatter import load_mapping, read_utf8, validate
from assistant.domain import Flag
from assistant.errors import ContentError

#: Longest piece of text that a rule sees at once, and how much of it the next piece of a long sentence repeats.
PIECE = 400
OVERLAP = 200
#: In a text longer than this only the first rule of each flag is reported.
LONG = 20_000
#: ``unless`` looks at this many characters before and after what matched, inside its sentence.
BEFORE = 80
AFTER = 60
#: So many first letters tell most words that a text cannot hold.
_BEGINNING = 3

_NAME = r"[a-z][a-z_]*"
_REFERENCE = re.compile(rf"<({_NAME})>")
_ENTRY = re.compile(rf"^<{_NAME}>$|\*$")
_LINE_BREAK = re.compile(r"\n *")
_RUNAWAY = re.compile(r"(?<!\\)\.(?:[*+]|\{\d*,\})|(?<!\\)\)(?:[*+]|\{\d*,\})")
_SENTENCE_END = re.compile(r"(?<=[.!?;]) (?=\S)")
_WORD = re.compile(r"[a-z0-9]+")
_CONTROLS = dict.fromkeys((*range(32), 127), " ")
_PLAIN = _CONTROLS | str.maketrans("‘’ʼ´`“”", "'''''\"\"")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that matched."""

    flag: Flag
    rule: str
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, its references written out; patterns are regular expressions over :func:`normalised` text.

    ``needs``: strings, anywhere in the text; ``needs_entries``: those of word lists, which stand as words or begin one.
    """

    flag: Flag
    id: str
    pattern: str
    needs: frozenset[str] = frozenset()
    needs_entries: frozenset[str] = frozenset()
    needs_word: frozenset[str] = frozenset()
    unless: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    nowhere: tuple[str, ...] = ()
    topic: str = ""

    @property
    def patterns(self) -> tuple[str, ...]:
        """Every regular expression of the rule."""
        return (self.pattern, *self.unless, *self.elsewhere, *self.nowhere)


class _RuleFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9.-]*$")]
    pattern: str
    needs: tuple[str, ...] = ()
    needs_word: str = ""
    unless: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    nowhere: tuple[str, ...] = ()
    topic: Annotated[str, Field(pattern=rf"^({_NAME})?$")] = ""


class _ScreenFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_: Literal["onlabel.screen/1"] = Field(alias="schema")
    words: dict[Annotated[str, Field(pattern=rf"^{_NAME}$")], str] = {}
    parts: dict[Annotated[str, Field(pattern=rf"^{_NAME}$")], str] = {}
    rules: dict[Flag, tuple[_RuleFile, ...]]


class Screen:
    """The rules, ready to be asked. Safe to share between threads."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        entries = frozenset[str]().union(*(rule.needs_entries for rule in self.rules))
        needs = frozenset[str]().union(*(rule.needs for rule in self.rules))
        stems = {entry.rstrip("*") for entry in entries}
        self._needed = _by_beginning(needs | stems)
        self._entries = {stem: entries & {stem, f"{stem}*"} for stem in stems}

    @classmethod
    def from_yaml(cls, path: Path) -> Screen:
        """The rules in the file ``path``, every expression compiled once to prove that it can be.

        :raises ContentError: the file cannot be read or meant; a rule cannot be compiled or could run away.
        """
        screen = cls.parse(read_utf8(path), path)
        screen.check(path)
        return screen

    @classmethod
    def parse(cls, data: bytes, path: Path = Path("screen.yaml")) -> Screen:
        """The rules in ``data``, which :meth:`check` has seen before: expressions are compiled when first needed.

        :raises ContentError: ``data`` cannot be meant, or a rule refers to words or parts that do not exist.
        """
        read = validate(_ScreenFile, load_mapping(data, path), data, path, 1)
        names, lists = _written_out(read, path)
        return cls(
            Rule(
                flag,
                rule.id,
                _expand(rule.pattern, names, path),
                frozenset(need for need in rule.needs if not _ENTRY.search(need)),
                frozenset(entry for need in rule.needs if _ENTRY.search(need) for entry in _listed(need, lists, path)),
                frozenset(_listed(rule.needs_word, lists, path)) if rule.needs_word else frozenset(),
                tuple(_expand(pattern, names, path) for pattern in rule.unless),
                tuple(_expand(pattern, names, path) for pattern in rule.elsewhere),
                tuple(_expand(pattern, names, path) for pattern in rule.nowhere),
                rule.topic,
            )
            for flag in Flag
            for rule in read.rules.get(flag, ())
        )

    def check(self, path: Path | None = None) -> None:
        """Prove every rule.

        :raises ContentError: an id stands twice, an expression cannot be compiled or could run away.
        """
        seen: set[str] = set()
        for rule in self.rules:
            if rule.id in seen:
                raise ContentError(f"rule {rule.id} stands twice", path)
            seen.add(rule.id)
            for pattern in rule.patterns:
                _prove(pattern, rule.id, path)

    def find(self, text: str) -> tuple[Finding, ...]:
        """The rules that ``text`` meets, in the order of the file; none for a text that is safe to answer."""
        pieces = _Pieces(text, self._needed, self._entries)
        found: list[Finding] = []
        for rule in self.rules:
            if pieces.many and found and found[-1].flag is rule.flag:
                continue
            if pieces.meet(rule):
                found.append(Finding(rule.flag, rule.id, rule.topic))
        return tuple(found)


class _Pieces:
    """A text cut for the rules; remembers which pieces hold the words that rules need."""

    def __init__(
        self, text: str, needed: Mapping[str, Collection[str]], entries: Mapping[str, Collection[str]]
    ) -> None:
        plain = normalised(text)
        self.many = len(plain) > LONG
        self._pieces = tuple(dict.fromkeys(_pieces(plain)))
        self._present = _standing_in("\n".join(self._pieces), needed)
        self._words = tuple(frozenset(_WORD.findall(piece)) for piece in self._pieces)
        self._entries = _standing_as_words(entries, self._present, frozenset[str]().union(*self._words))
        self._holding: dict[tuple[frozenset[str], frozenset[str]], tuple[int, ...]] = {}

    def meet(self, rule: Rule) -> bool:
        """Whether a piece matches ``rule``, each thing wanted elsewhere stands in some piece, each unwanted in none."""
        numbers = self._that_hold(rule.needs, rule.needs_entries)
        if rule.needs_word:
            numbers = tuple(n for n in numbers if not rule.needs_word.isdisjoint(self._words[n]))
        if not any(_matches(rule, self._pieces[n]) for n in numbers):
            return False
        return all(map(self._stands, rule.elsewhere)) and not any(map(self._stands, rule.nowhere))

    def _stands(self, pattern: str) -> bool:
        return any(_compiled(pattern).search(piece) for piece in self._pieces)

    def _that_hold(self, needs: frozenset[str], entries: frozenset[str]) -> tuple[int, ...]:
        if (needs, entries) not in self._holding:
            present = (self._present & needs) | {self._entries[entry] for entry in self._entries.keys() & entries}
            pieces = enumerate(self._pieces)
            self._holding[needs, entries] = (
                tuple(n for n, piece in pieces if any(word in piece for word in present))
                if needs or entries
                else tuple(range(len(self._pieces)))
            )
        return self._holding[needs, entries]


def _by_beginning(words: Iterable[str]) -> dict[str, frozenset[str]]:
    """``words`` by their first letters, :data:`_BEGINNING` of them; a shorter word is its own beginning."""
    found: dict[str, set[str]] = {}
    for word in words:
        found.setdefault(word[:_BEGINNING], set()).add(word)
    return {beginning: frozenset(of_it) for beginning, of_it in found.items()}


def _standing_in(text: str, needed: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Which words of ``needed`` stand anywhere in ``text``: only those are tried whose first letters do."""
    beginnings = {text[at : at + length] for length in range(_BEGINNING + 1) for at in range(len(text))}
    return frozenset(word for beginning in beginnings & needed.keys() for word in needed[beginning] if word in text)


def _standing_as_words(
    entries: Mapping[str, Collection[str]], present: Iterable[str], words: Collection[str]
) -> dict[str, str]:
    """Which ``entries`` of word lists, by what they begin with, may stand among ``words``, and their beginnings."""
    found: dict[str, str] = {}
    for stem in present:
        for entry in entries.get(stem, ()):
            first = _WORD.match(stem)
            begins = first is not None and first[0] == stem != entry and any(word.startswith(stem) for word in words)
            if first is None or first[0] in words or begins:
                found[entry] = stem
    return found


def normalised(text: str) -> str:
    """``text`` as rules see it: NFKC, lower case, plain quotes, no invisible characters, single spaces."""
    plain = text if text.isascii() else _visible(unicodedata.normalize("NFKC", text))
    return " ".join(plain.lower().translate(_PLAIN).split())


def _visible(text: str) -> str:
    """``text`` without what nobody sees but a rule would stumble over: zero-width characters, marks, surrogates."""
    unseen = [c for c in set(text) if unicodedata.category(c) in ("Cf", "Mn", "Cs")]
    return text.translate({ord(c): None for c in unseen})


def _pieces(text: str) -> Iterator[str]:
    for sentence in _SENTENCE_END.split(text):
        if len(sentence) <= PIECE:
            yield sentence
        else:
            yield from (sentence[at : at + PIECE] for at in range(0, len(sentence) - OVERLAP, PIECE - OVERLAP))


def _matches(rule: Rule, piece: str) -> bool:
    for match in _compiled(rule.pattern).finditer(piece):
        around = piece[max(0, match.start() - BEFORE) : match.end() + AFTER]
        if not any(_compiled(pattern).search(around) for pattern in rule.unless):
            return True
    return False


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _prove(pattern: str, rule: str, path: Path | None) -> None:
    if _RUNAWAY.search(pattern):
        raise ContentError(f"rule {rule}: limit the repetition, as in .{{0,60}}", path)
    try:
        _compiled(pattern)
    except re.error as error:
        raise ContentError(f"rule {rule}: not a regular expression: {error.msg}", path) from error


def _written_out(read: _ScreenFile, path: Path) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Word lists and parts as expressions by name, and the word lists."""
    lists = {name: _entries(text) for name, text in read.words.items()}
    names = {name: _alternatives(entries) for name, entries in lists.items()}
    for name, part in read.parts.items():
        if name in names:
            raise ContentError(f"{name} names words and a part", path)
        names[name] = f"(?:{_expand(part, names, path)})"
    return names, lists


def _entries(text: str) -> tuple[str, ...]:
    return tuple(entry.strip() for entry in text.split(",") if entry.strip())


def _expand(pattern: str, names: Mapping[str, str], path: Path) -> str:
    def written(match: re.Match[str]) -> str:
        if match[1] not in names:
            raise ContentError(f"there are no words and no part named <{match[1]}>", path)
        return names[match[1]]

    return _REFERENCE.sub(written, _LINE_BREAK.sub("", pattern))


def _listed(need: str, lists: Mapping[str, tuple[str, ...]], path: Path) -> tuple[str, ...]:
    name = _REFERENCE.fullmatch(need)
    if name is None:
        return (need,)
    if name[1] not in lists:
        raise ContentError(f"there are no words named <{name[1]}>", path)
    return lists[name[1]]


class _Node(dict[str, "_Node"]):
    """A letter of a word list's tree; ``ends`` where a word may end."""

    ends = False


def _alternatives(entries: Iterable[str]) -> str:
    r"""One expression for any of ``entries``, ``*`` standing for any ending; shared beginnings are tried once."""
    root = _Node()
    for entry in entries:
        node = root
        for token in (re.escape(c) if c != "*" else r"\w*" for c in entry):
            node = node.setdefault(token, _Node())
        node.ends = True
    return rf"\b{_tree(root)}\b"


def _tree(node: _Node) -> str:
    branches = [token + _tree(child) for token, child in sorted(node.items())]
    if not branches:
        return ""
    body = branches[0] if len(branches) == 1 and not node.ends else f"(?:{'|'.join(branches)})"
    return f"{body}?" if node.ends else body
