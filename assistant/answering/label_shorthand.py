"""Shorthand that a product's own label defines, written out: "CSU" where it says "chronic spontaneous urticaria (CSU)".

Which illness letters stand for differs from label to label ("BP": blood pressure, bullous pemphigoid), and a list of
them is never complete. What counts is what the indications define: the illnesses that the doses are for. Definitions
are found as Schwartz & Hearst (2003, "A simple algorithm for identifying abbreviation definitions in biomedical text")
find them. For understanding and finding alone: nothing here is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.answering import lexical
from assistant.answering.index import Index
from assistant.understanding.conditions import ABBREVIATIONS
from assistant.understanding.spelling import is_ordinary, is_typed_so

#: What may be shorthand: a few letters, in a question.
_TOKEN = re.compile(r"(?<![\w-])[A-Za-z][A-Za-z0-9/-]{1,9}(?![\w-])")
_CAPITAL = re.compile(r"[A-Z]")
_IN_BRACKETS = re.compile(r"\(\s*([A-Za-z]{2,8}?)s?\s*[),;]")
_SHOUTED = re.compile(r"[A-Z][A-Z0-9]{1,6}s?")
_PLURAL = re.compile(r"(?<=[A-Z0-9])s$")
#: What prescriptions and notes mean by a few letters, whatever a label defines: twice daily, side effects, patient.
_OF_NOTES = frozenset(
    "bd bid tid tds qid qds od qd qod po iv im sc sq sl pr prn pt pts hx tx rx dx sx se ses ae aes er xr ir sr cr la "
    "dr odt otc mg mcg kg ml iu".split()
)
#: Letters that are shorthand at least, and words that a name of several has.
_FEWEST = 2
#: So many letters at least where it is typed without capitals: of two most are words or units.
_TYPED_SMALL = 3
#: How far before the bracket a definition begins, at most.
_BACK = 160
_WORD = re.compile(r"[\w'\u2019]+(?:[-/][\w'\u2019]+)*")
#: A definition goes over no end of a sentence, no comma, item or bracket.
_BOUNDARY = re.compile(r"[.,;:()\[\]\u2022]")
#: With these no name begins.
_NO_BEGINNING = frozenset("a an and as at by for from in is of on or the to who with".split())


#: Letters of a question and the words that a label defines them by.
Shorthand = tuple[str, str]


def shorthand_in(index: Index, product: str, question: str) -> tuple[Shorthand, ...]:
    """Each shorthand of ``question`` that the label of ``product`` defines, with the words that it defines it by.

    Not among them: what has several meanings there, what means the same in every label, and what everybody who writes
    prescriptions or notes means otherwise.
    """
    shouted = question.isupper()
    tokens = dict.fromkeys(match[0] for match in _TOKEN.finditer(question))
    may_be = (each for each in tokens if _may_be_shorthand(each, 0 if shouted else len(_CAPITAL.findall(each))))
    pairs = ((token, defined(index, product, token)) for token in may_be)
    return tuple((token, words) for token, words in pairs if words)


def further_shorthand_in(index: Index, product: str, question: str) -> tuple[Shorthand, ...]:
    """Each shorthand of ``question`` in capitals that nothing but the rest of the label defines: "BSI", "OLI".

    For finding alone: what the label is for is told by its indications.
    """
    if question.isupper():
        return ()
    tokens = dict.fromkeys(match[0] for match in _TOKEN.finditer(question))
    capitals = (each for each in tokens if _SHOUTED.fullmatch(each) and not lexical.is_shorthand(each.casefold()))
    pairs = ((token, defined(index, product, token, anywhere=True)) for token in capitals)
    return tuple((token, words) for token, words in pairs if words)


def written_out(question: str, found: Sequence[Shorthand]) -> str:
    """``question`` with each shorthand in the words that stand for it."""
    meant = {letters.casefold(): words for letters, words in found}
    return _TOKEN.sub(lambda match: meant.get(match[0].casefold(), match[0]), question)


def defined(index: Index, product: str, token: str, *, anywhere: bool = False) -> str:
    """The words that the indications of ``product`` define ``token`` by; "" where they do not, or by several.

    :param anywhere: any passage may define it.
    """
    token = _PLURAL.sub("", token)
    if not lexical.terms(token):
        return ""  # letters that are a word everywhere: AS, IT
    own = {*lexical.terms(token)[:1], *lexical.terms(f"{token}s")[:1]}
    rows = {row for found in index.postings(product, own).values() for row, _ in found}
    meanings: dict[frozenset[str], str] = {}
    for entry in index.entries(product):
        if entry.row in rows and (anywhere or entry.head.topic == "indication"):
            for words in definitions(index.load(entry).text.decode(), token):
                meanings.setdefault(frozenset(lexical.terms(words)), words)
    if len(meanings) != 1:
        return ""
    ((terms, words),) = meanings.items()
    known = ABBREVIATIONS.get(token.casefold(), "")
    same = {frozenset(lexical.terms(known)), frozenset(lexical.terms(token)) - own}
    return "" if any(meaning and (meaning <= terms or terms <= meaning) for meaning in same) else words


def definitions(text: str, token: str) -> Iterator[str]:
    """What ``text`` defines ``token`` by, in its words: "long form (TOKEN)", whatever capitals it is typed with."""
    for match in re.finditer(rf"\(\s*((?i:{re.escape(token)}))s?\s*[),;]", text):
        short = match[1]
        if len(_CAPITAL.findall(short)) < _FEWEST:
            continue  # a word in brackets
        before = text[max(0, match.start() - _BACK) : match.start()]
        boundaries = list(_BOUNDARY.finditer(before))
        long = _long_form(before[boundaries[-1].end() if boundaries else 0 :], short)
        if long:
            yield long


def shorthand_of(name: frozenset[str], sentences: Sequence[str]) -> Iterator[frozenset[str]]:
    """The terms of each shorthand that ``sentences`` define for an illness, the terms of whose ``name`` these are."""
    for sentence in sentences:
        for token in dict.fromkeys(match[1] for match in _IN_BRACKETS.finditer(sentence)):
            if any(frozenset(lexical.terms(words)) == name for words in definitions(sentence, token)):
                yield frozenset(lexical.terms(token))


def _may_be_shorthand(token: str, capitals: int) -> bool:
    word = token.casefold()
    if word in _OF_NOTES:
        return False
    return capitals > 1 or (len(token) >= _TYPED_SMALL and not (is_ordinary(word) or is_typed_so(word)))


def _long_form(before: str, short: str) -> str:
    """The end of ``before`` that ``short`` stands for: of those that hold its letters the one with most as initials.

    Every other letter at least has to be one, of two letters both, with no other word between; "" where none is found.
    """
    letters = [letter.casefold() for letter in short if letter.isalnum()]
    few = len(letters) == _FEWEST
    best, most = "", 0 if few else (len(letters) - 1) // 2
    for first in reversed(list(_WORD.finditer(before))[-min(len(letters) + 5, 2 * len(letters)) :]):
        long = before[first.start() :].strip()
        told = [word for word in re.split(r"[^\w'\u2019]+", long.casefold()) if word not in _NO_BEGINNING]
        if first[0].casefold() in _NO_BEGINNING or len(told) < _FEWEST or (few and len(told) > _FEWEST):
            continue
        initials = _initials(long.casefold(), letters)
        if initials > most and (not few or initials == _FEWEST):
            best, most = long, initials
    return best


def _initials(long: str, letters: list[str]) -> int:
    """How many of ``letters``, found in ``long`` in their order, can be initials of its words; 0: not all are found.

    The first one has to begin it.
    """
    best = [int(at == 0 and character == letters[0]) for at, character in enumerate(long)]
    for letter in letters[1:]:
        most, reached = 0, [0] * len(long)
        for at, character in enumerate(long):
            if most and character == letter:
                reached[at] = most + (not long[at - 1].isalnum())
            most = max(most, best[at])
        best = reached
    return max(best, default=0)
