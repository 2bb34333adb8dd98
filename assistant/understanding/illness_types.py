"""Types of an illness that are told apart by a letter, a number, a gene or a "non": another type is another illness.

"Hepatitis B" is not "hepatitis C", "type 1" not "type 2", and an indication for tumors with one gene is none for those
with another (21 CFR 201.57(c)(2)). By wording alone; nothing here is shown.
"""

from __future__ import annotations

import re
from string import digits

from assistant.understanding.stems import stem

_WORD = re.compile(r"[^\W_]+")
_NON = re.compile(r"\bnon[\s-]+(?=\w)", re.IGNORECASE)


def joined(text: str) -> str:
    """``text`` with each "non" joined to the word behind it, as many write it: "non-valvular" is "nonvalvular"."""
    return _NON.sub("non", text)


#: Illnesses that are told apart by a letter or number, and what may stand between these and their names.
_LETTERED = re.compile(r"\b(hepatitis|ha?emophilia|influenza|bipolar|mucopolysaccharidosis)\b", re.IGNORECASE)
_BESIDE_LETTERS = frozenset("virus viruses type types subtype subtypes disorder and or".split())
_LETTERS = {**{letter: letter for letter in (*"abcde", "i", "ii", "iii", "iv")}, "1": "i", "2": "ii", "3": "iii"}


def is_type_of(word: str, before: str) -> bool:
    """Whether ``word`` is the letter of the illness named ``before`` it: the A of hepatitis A."""
    return word in _LETTERS and _LETTERED.fullmatch(before) is not None


def _lettered(text: str) -> dict[str, list[frozenset[str]]]:
    """The letters that stand beside each mention of an illness that is told apart by them; none where it has none."""
    found: dict[str, list[frozenset[str]]] = {}
    for match in _LETTERED.finditer(text):
        letters = set[str]()
        for found_word in _WORD.finditer(text, match.end()):
            word = found_word[0].casefold()
            if word not in _BESIDE_LETTERS and word not in _LETTERS:
                break
            letters |= {_LETTERS[word]} if word in _LETTERS else set()
        found.setdefault(match[1].casefold().replace("ae", "e"), []).append(frozenset(letters))
    return found


def of_another_letter(condition: str, indications: str) -> bool:
    """Whether ``indications`` are for an illness of other letters than ``condition`` is: "hepatitis C", not "B".

    Where they name it without a letter as well, any may be meant.
    """
    asked = _lettered(condition)
    known = _lettered(indications) if asked else {}
    return any(
        letters and name in known and all(known[name]) and not letters <= frozenset[str]().union(*known[name])
        for name, mentions in asked.items()
        for letters in mentions
    )


def of_another_number(condition: frozenset[str], written: frozenset[str]) -> bool:
    """Whether the label speaks of one type of an illness ("type 2") and ``condition`` is another ("type 1").

    Only types: stages, classes and genotypes are given as ranges.
    """
    asked, known = ({term for term in terms if term.startswith("type ")} for terms in (condition, written))
    return bool(asked and known) and asked.isdisjoint(known)


def opposite(condition: frozenset[str], indicated: frozenset[str]) -> bool:
    """Whether the indication is for one kind of an illness and ``condition`` says it is not that ("nonobstructive").

    Both with "non" joined to the word behind it (:func:`joined`).
    """
    unsaid = condition - indicated
    negated = {term for term in unsaid if term.startswith("non")}
    return any(stem(f"non{term}") in indicated for term in unsaid) or (
        bool(negated) and any(stem(f"non{term}") in negated for term in indicated)
    )


#: What makes a type of an illness: "ALK-positive"; and what says that an indication keeps to such types.
CHANGED = r"(?:positive|mutat\w+|mutant|rearrang\w+|fusions?|amplifi\w+|(?:over)?express\w*)"
_GENE = re.compile(
    r"\b([^\W\d_]+) ?(\d*)(?: (?:gene|receptor|chromosome|antibody))*"
    rf"(?: {CHANGED})(?: (?:gene|status|{CHANGED}))*(?!\w)",
    re.IGNORECASE,
)
#: As a question writes it, in its letters: "ALK+", "HER2-positive".
_GENE_ASKED = re.compile(
    rf"\b((?-i:[A-Z]{{2,}}|[A-Za-z]+(?=\d)))-?(\d*)(?:\+|(?:[ -](?:gene|receptor))*[ -]{CHANGED}(?!\w))", re.IGNORECASE
)
_OF_TYPES = re.compile(rf"\b(?:{CHANGED}|deletions?|insertions?|aberrations?|alterations?|genes?)\b", re.IGNORECASE)
#: Of so many letters a name of a gene is no longer the beginning of a word.
_INITIALS = 3
#: What a patient may be positive for besides the illness.
INFECTIONS = frozenset("hiv hbv hcv cmv covid tb node nodes culture smear test gene receptor antibody".split())


def gene_of(condition: str) -> tuple[str, str]:
    """The gene or receptor that tells which type of an illness ``condition`` is (or ""), and the rest of it."""
    match = _GENE.search(condition)
    if match is None or match[1].casefold() in INFECTIONS:
        return "", condition
    return match[1] + match[2], condition[: match.start()] + condition[match.end() :]


def gene_asked(question: str) -> str:
    """The gene or receptor that ``question`` says a patient or an illness has, "" if none."""
    genes = (match[1] + match[2] for match in _GENE_ASKED.finditer(question))
    return next((gene for gene in genes if gene.casefold() not in INFECTIONS), "")


def of_another_gene(gene: str, sentence: str) -> bool:
    """Whether ``sentence`` keeps to types of an illness by their genes and does not name ``gene``, short or long."""
    if not _OF_TYPES.search(sentence):
        return False
    name = gene.rstrip(digits)
    if name == gene:
        # "ER" is named by "estrogen-receptor", "Ph" by "Philadelphia".
        short = name if len(name) < _INITIALS else rf"{name}\b"
        named = rf"{short}|" + r"[^\W_]*[\s-]+".join(name)
    else:
        named = rf"{name}[\s-]?{gene[len(name) :]}(?!\d)"
    return not re.search(rf"\b(?:{named})", sentence, re.IGNORECASE)
