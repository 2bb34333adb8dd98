"""The title that a flattened text of an openFDA record begins with, told from the sentence behind it by its capitals.

Guarantees: a title is a beginning of the text, in its own words; "" where none can be told. Nothing is altered. Refuses
nothing.
"""

from __future__ import annotations

import re

from assistant.content.openfda.fields import Field

_JOINING = frozenset(
    ("of", "and", "the", "in", "with", "for", "to", "or", "by", "on", "a", "an", "from", "due", "during", "after",
     "before", "other", "than", "not", "as", "at", "that", "without", "and/or", "between", "among", "against", "under",
     "within")
)  # fmt: skip
_WORD = re.compile(r"\S+")
#: Words that no title ends with: they begin the sentence behind it.
_BEGINNING = frozenset(("The", "This", "These", "An", "A", "Stop", "In", "If", "When", "For", "All", "There"))
#: Words that are no title alone, though the product's name follows.
_QUALIFIES = frozenset(("Recommended",))
#: Patients whose part of a section follows its title; in the title itself they stand behind a joining word.
_GROUPS = frozenset(("Adult", "Adults", "Pediatric", "Paediatric", "Geriatric"))
#: The name of a trial, with which the first part of a section begins ("SLUMBER-2: X in Adults").
_TRIAL = re.compile(r"[A-Z]{4}[A-Z0-9-]*:")
#: Verbs that begin a direction rather than end a title.
_DIRECTS = frozenset(("Take", "Administer", "Withhold", "Inject", "Avoid", "Discontinue", "Swallow", "Inspect"))


#: Titles of subsections that 21 CFR 201.57 and FDA's guidances fix.
_STANDARD = re.compile(
    r"(?i:Pregnancy|Lactation|Females and Males of Reproductive Potential|Pediatric Use|Geriatric Use"
    r"|(?:Renal|Hepatic) Impairment|Clinical (?:Trials?|Studies) Experience|Post-?marketing Experience|Immunogenicity"
    r"|Mechanism of Action|Pharmacodynamics|Pharmacokinetics|Pharmacogenomics|Microbiology|Controlled Substance|Abuse"
    r"|Dependence|How Supplied|Storage and Handling|Animal Toxicology and/or Pharmacology"
    r"|Carcinogenesis, Mutagenesis,(?: and)? Impairment of Fertility)(?=\s+[\"“(•]?[A-Z0-9(])"
)


def title_of(text: str, names: tuple[str, ...], field: Field | None) -> str:
    """The title that a flattened text begins with, in its own words, as far as capitals tell it from what follows."""
    if field and field.title and text.casefold().startswith(field.title.casefold()):
        return text[: len(field.title)]
    if standard := _STANDARD.match(text):
        return standard[0]
    words = list(_WORD.finditer(text))[:24]
    own = {word for name in names for word in name.casefold().split() if len(word) > 3}
    last = _title_case(words, own) or _sentence_case(words)
    return text[words[0].start() : words[last - 1].end()].rstrip(" ,:;.–—-•(") if last else ""


def _title_case(words: list[re.Match[str]], own: set[str]) -> int:
    """How many words a title in capitals has; the last capital belongs to the sentence behind it."""
    count = 0
    for i, word in enumerate(words):
        bare = word[0].strip(".,:;()®™")
        before = words[i - 1][0] if i else ""
        leads = before.casefold() in _JOINING or before.casefold() in own or before.endswith("ing")
        leads = leads or before in _QUALIFIES
        if i and not leads and (bare in _DIRECTS or (bare.casefold() in own and bare[0].isupper())):
            return i
        if i and (word[0].startswith("•") or bare in ("Table", "Figure", "Indication")):
            return _without_joining(words, count)
        if not (_capital(bare) or bare in _JOINING):
            break
        count = i + 1
        if i > 1 and not leads and (_TRIAL.fullmatch(word[0]) or _part_of_group(words, i)):
            return i
        if word[0][-1] in ".:" or count == len(words):
            return count
    else:
        return 0
    count = _without_joining(words, max(_without_joining(words, count) - 1, 0))
    while count > 1 and (words[count - 1][0] in _BEGINNING or _of_a_study(words, count)):
        count = _without_joining(words, count - 1)
    return count


def _part_of_group(words: list[re.Match[str]], i: int) -> bool:
    """Whether a group of patients that a title names already heads the first part of its section here."""
    group = words[i][0]
    named = {word[0].rstrip(",s") for word in words[:i]}
    return group in _GROUPS and group.rstrip("s") in named and words[i - 1][0][-1] != ","


def _of_a_study(words: list[re.Match[str]], count: int) -> bool:
    """Whether the last word begins the name of a study, "Study 1", that the sentence behind a title begins with."""
    return words[count - 1][0] == "Study" and count < len(words) and words[count][0][0].isdigit()


def _without_joining(words: list[re.Match[str]], count: int) -> int:
    while count and words[count - 1][0] in _JOINING:
        count -= 1
    return count


def _capital(word: str) -> bool:
    return any(char.isupper() for char in word) or not any(char.isalpha() for char in word)


def _sentence_case(words: list[re.Match[str]]) -> int:
    """How many words a title has of which only the first begins with a capital."""
    for i, word in enumerate(words[1:13], start=1):
        if word[0][:1].isupper():
            return i
        if word[0][-1] in ".:;":
            return i + 1
    return 0
