"""Questions that ask for a result, and how much of a passage is results.

"What share responded?" is answered by the table, not by the page that says how the trial was made: the two share all
words but the numbers. For ranking alone: which of a report's passages counts. Nothing here is shown.
"""

from __future__ import annotations

import re

#: Wording that asks for a number that was counted or measured.
_ASKED = re.compile(
    r"\b(?:what|which) (?:percent\w*|share|proportion|fraction|%)|\bpercent(?:age)?\b|"
    r"%(?! (?:cream|gel|ointment|solution|lotion|foam|dextrose|saline))|"
    r"\bhow many (?:the medicine(?:-treated)? )?(?:people|patients?|pts|subjects|participants|women|men|children|kids|"
    r"adults|of|in|had|got|were|stopped|quit|died|responded|dropped|withdrew|discontinued|developed|events?|cases?|deaths?)\b|"
    r"(?<!infusion )(?<!heart )(?<!pulse )(?<!flow )(?<!drip )(?<!what )\brates?\b|"
    r"\b(?:incidence|frequency|odds|median|numbers|results?)\b|\bhow long did\b|"
    r"\bhow (?:often|common|frequent\w*|likely|effective|much (?:better|more|less|longer)) (?:did|do|was|were|is|are) "
    r"(?!(?:i|you|we|he|she|my|his|her)\b)|"
    r"\b(?-i:ORR|m?OS|m?PFS|DFS|RFS|EFS|HR|ARR|NNT|DOR|MACE)\b|"
    # Who left a trial, and for what: "d/c for AEs", "dropped out because of diarrhea".
    r"\b(?:d/?c(?:'?d|s)?|dropped out|drop-?outs?|withdrew) (?:rates?|for|due|because|from|on account)\b|"
    # Scores by how much they got better, as trials count them: PASI 75, ACR20, EASI-75.
    r"\b(?-i:PASI|ACR|EASI|SALT|HiSCR|ASAS|BASDAI|JIA-?ACR|pACR|SRI|WI-?NRS)[- ]?(?:[4-6]|20|30|40|50|70|75|90|100)\b|"
    r"\b(?:a1c|hba1c|responders?|respond(?:ed|se)?|survival|remission|"
    r"mm ?hg diff(?:erence)?|(?:global|clinical|treatment) success|"
    r"(?:vs\.?|versus) (?:pbo|placebo)|did any(?:one|body)?)\b",
    re.IGNORECASE,
)
#: Results as labels write them: "33%", "29 (33)", p values, intervals. Alone in brackets a number is a section's.
_WRITTEN = re.compile(r"\d+(?:\.\d+)?\s?%|\d\s?\(\s?\d+(?:\.\d+)?\s?\)|\bp\s?[<=]|\bCI\b|\bHR\b")
#: A passage with a result in so many words is all results; one of fewer words counts as of so many.
_WORDS_A_RESULT, _FEW_WORDS = 12, 40


def asks_for_a_result(question: str) -> bool:
    """Whether the wording asks for a number that was counted or measured."""
    return bool(_ASKED.search(question))


def has_row_of(text: str, event: str) -> bool:
    """Whether ``text`` has a table's row of ``event``: its words and two numbers right behind them."""
    said = r"\W{1,3}".join(map(re.escape, event.split()))
    row = rf"\b{said}s?\b(?: \w)?[^A-Za-z\n]{{0,4}}\d+(?:\.\d+)?\s?%?(?:\s?\(\s?|\s+)(?:[<>\u2264\u2265]\s?)?\d"
    return bool(event) and re.search(row, text, re.IGNORECASE) is not None


def share_of_results(text: str) -> float:
    """How much of a passage's ``text`` is results, from 0 to 1."""
    return min(1.0, len(_WRITTEN.findall(text)) * _WORDS_A_RESULT / max(len(text.split()), _FEW_WORDS))
