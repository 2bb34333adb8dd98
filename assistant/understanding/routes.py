"""Routes of administration that a question names, and those that a label speaks of.

By FDA's terms (Data Standards Manual, Route of Administration) and how people write them: "intranasal", "nasal spray",
"IM", "subq". What a medicine goes through on its way ("NG tube") is how to give it, and no route here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

#: Behind an adjective that also tells of illnesses and other medicines ("oral contraceptives", "rectal bleeding").
_GIVEN = (
    r"(?= (?:the (?:medicine|drug)\b|routes?\b|admin\w*|use\b|dos(?:e|es|ing|age)\b|form\w*|version|intake|application|"
    r"delivery|spray|drops?\b|powder|atomi[sz]\w*|syrup|solution|suspension|liquid|tablets?\b|capsules?\b|pills?\b|"
    r"cream|gel|ointment|insert|suppositor\w*|injections?\b|infusions?\b|shots?\b|bolus|push))"
)
#: Route -> how it is written in questions and labels.
_WRITTEN = {
    "intravenous": r"intra-?venous(?:ly)?|i\.v\.|(?<!stage )(?<!type )(?<!class )(?<!grade )(?<!phase )(?<!factor )iv"
    r"(?! (?:antibiotics?|contrast|fluids?|drugs?|access|lines?|iron|steroids?|catheter|poles?|bags?))",
    "intramuscular": rf"intra-?muscular(?:ly)?|i\.m\.|im{_GIVEN}",
    "subcutaneous": rf"sub-?cutaneous(?:ly)?|sub-?q|subcut|s\.c\.|s[cq](?={_GIVEN}| induction)|"
    r"under (?:the|your|my) skin",
    "intranasal": rf"intra-?nasal(?:ly)?|nasal{_GIVEN}|nasally|(?:in|up) (?:the|your|my) (?:nose|nostrils?)",
    "rectal": rf"rectal{_GIVEN}|rectally|per rectum|suppositor(?:y|ies)|enemas?",
    "oral": rf"oral{_GIVEN}|orally(?! inhal)|by mouth|per os|po",
    "buccal": rf"buccal{_GIVEN}|buccally",
    "sublingual": rf"sublingual{_GIVEN}|sublingually|under (?:the|your|my) tongue",
    "intrathecal": r"intra-?thecal(?:ly)?",
    "intra-articular": r"intra-?articular(?:ly)?|into (?:the|a|my|your) (?:joint|knee)|arthrograph\w*",
    "intra-arterial": r"intra-?arterial(?:ly)?|into (?:the|an|a) artery",
    "intradermal": r"intra-?dermal(?:ly)?",
    "intraperitoneal": r"intra-?peritoneal(?:ly)?",
    "intraosseous": r"intra-?osseous(?:ly)?",
    "intravitreal": r"intra-?vitreal(?:ly)?",
    "inhaled": rf"inhal(?:ed|ation){_GIVEN}|inhale it|nebuli[sz]\w*",
    "topical": rf"topical{_GIVEN}|topically",
    "transdermal": rf"transdermal{_GIVEN}|transdermally",
    "vaginal": rf"vaginal{_GIVEN}|intra-?vaginal(?:ly)?|vaginally",
    "ophthalmic": rf"ophthalmic{_GIVEN}|eye drops?|(?:in|into) (?:the|your|my) eyes?",
}
#: Forms of which a label need not say by which route they are taken.
_FORMS = {
    "oral": r"tablets?|capsules?|swallow\w*",
    "inhaled": r"inhal\w+",
    "topical": r"creams?|ointments?|lotions?|gels?|topical(?:ly)?",
    "transdermal": r"patch(?:es)?|transdermal",
    "intranasal": r"nasal|nostrils?",
    "rectal": r"rectal",
    "vaginal": r"vaginal",
    "ophthalmic": r"eyes?|ophthalmic",
    "buccal": r"buccal",
    "sublingual": r"sublingual",
    "intramuscular": r"im",
    "subcutaneous": r"sc|sq",
}
_SENTENCE = re.compile(r"(?<=[.;!?])\s+|\n|\u2022")
#: Before a route that a sentence speaks against.
_AGAINST = re.compile(r"\b(?:not|never|avoid\w*|other than|instead of|contraindicated|without|unlike)\b|\bnon-?$")
#: What a sentence says of a route that is no good.
_NO_GOOD = re.compile(r"\b(?:not|never|avoid\w*|contraindicated|risks?|serious|death|fatal)\b")
#: Before a route that a question says is not to be had or not meant.
_DENIED = re.compile(
    r"\b(?:no|not|without|lost|lacks?|lacking|instead of|rather than|other than|unable to (?:get|use|place|take)|"
    r"(?:can(?:no|['\u2019]?)t|could(?: not|n['\u2019]?t)|do(?:es)?(?: not|n['\u2019]?t)|won['\u2019]?t) "
    r"(?:get|have|take|use|place|tolerate))"
    r"(?: (?:an?|the|any|have|get|by|via|through|his|her|their|my|working))* $"
)
_NON = re.compile(r"\bnon-?intra-?(?:venous|muscular)")


@cache
def _pattern(route: str, *, label: bool = False) -> re.Pattern[str]:
    """How ``route`` is written in a question; or in a ``label``, by its forms as well."""
    written = f"{_WRITTEN[route]}|{_FORMS[route]}" if label and route in _FORMS else _WRITTEN[route]
    return re.compile(rf"(?<![\w-])(?:{written})(?!\w)")


@cache
def _only() -> re.Pattern[str]:
    """What keeps a medicine to its routes: "should only be administered IM or IV", "for intravenous use only"."""
    route = "|".join((r"\bim\b", *(_pattern(route).pattern for route in _WRITTEN)))
    given = r"(?:administer\w*|given|giving|injected|used|taken|for|by|via|as|through|the|an?)"
    between = rf"(?:use|injections?|infusions?|administration|bolus|and|or|{route})"
    return re.compile(rf"\bonly (?:be )?(?:{given} )*(?:{route})|(?:{route})(?:[ ,/]+{between})* only\b")


def routes_asked(question: str) -> frozenset[str]:
    """The routes that ``question`` names and does not deny: "no IV", "instead of IM"."""
    # "I'm" is no route, however it is written.
    plain = re.sub(r"\bi['\u2019]?m (?=(?:an?|on|in|not|the|my)\b)", "", _plain(question))
    named = ((route, found) for route in _WRITTEN for found in _pattern(route).finditer(plain))
    return frozenset(route for route, found in named if not _DENIED.search(plain, 0, found.start()))


def allows(text: str, route: str) -> bool:
    """Whether ``text``, of a label, speaks of ``route`` without speaking against it in the same sentence."""
    pattern = _pattern(route, label=True)
    for sentence in _SENTENCE.split(_plain(text)):
        if any(not _AGAINST.search(sentence[: found.start()]) for found in pattern.finditer(sentence)):
            return True
    return False


def speaks_against(text: str, route: str) -> bool:
    """Whether ``text``, of a label, says no good of ``route``, or keeps the medicine to other routes."""
    plain = _plain(text)
    if _NON.search(plain) or _only().search(plain):
        return True
    said = (sentence for sentence in _SENTENCE.split(plain) if _pattern(route).search(sentence))
    return any(_NO_GOOD.search(sentence) for sentence in said)


def _plain(text: str) -> str:
    return re.sub(r"[\u2010-\u2015]", "-", unicodedata.normalize("NFKC", text)).casefold()
