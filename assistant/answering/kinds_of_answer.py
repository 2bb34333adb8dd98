"""What kind of words an answer must hold: how many days something takes, no passage tells that names no time.

A passage on the same matter is near whatever is asked of it. Nor does one tell which dose of another medicine or form
stands for which of this one, if it speaks of no change between them. "How long?" is left alone: "during treatment"
answers it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.answering.index import Entry, Index

_TIME_ASKED = re.compile(
    r"\bhow many (?:\w+ )?(?:sec(?:ond)?s?|min(?:ute)?s?|hours?|hrs?|days?|weeks?|wks?|months?|years?|yrs?)\b",
    re.IGNORECASE,
)
#: A number of units, whichever they are: 72 hours are three days.
_TIME = re.compile(
    r"(?:\d|\b(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|half|several|few|first|single|full|each|"
    r"every|per|same|consecutive)\b)[\s-]{0,2}(?:sec|min|h(?:ou)?rs?\b|h\b|days?\b|d\b|weeks?|wks?\b|month|mos?\b|year|yr)|"
    r"\b(?:half-? ?li(?:fe|ves)|daily|weekly|monthly|yearly|annual)",
    re.IGNORECASE,
)

#: Which dose of another medicine or form stands for which of this one.
_CONVERSION_ASKED = re.compile(
    r"\b(?:conversion|mg[ -](?:for|to|per)[ -]mg|equivalent (?:\w+ )?dose)\b",
    re.IGNORECASE,
)
_CONVERSION = re.compile(
    r"\b(?:conver\w+|switch\w*|equivalen\w+|interchang\w+|substitut\w+|transition\w*|"
    r"chang\w+ (?:from|to)|correspond\w*)\b",
    re.IGNORECASE,
)
#: What a question asks for, and what tells it.
_KINDS = ((_TIME_ASKED, _TIME), (_CONVERSION_ASKED, _CONVERSION))


def leaves_open(question: str, index: Index, shown: Sequence[Entry]) -> bool:
    """Whether nothing of ``shown`` can hold what ``question`` asks for, by its kind."""
    kinds = [told for asked, told in _KINDS if asked.search(question)]
    texts = [f"{entry.head.title}\n{index.load(entry).text.decode()}" for entry in shown] if kinds else []
    return any(not any(map(told.search, texts)) for told in kinds)
