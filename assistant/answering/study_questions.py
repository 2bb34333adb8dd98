"""Questions for a result of a study that tell of nobody: no report of harm can stand in them.

"ORR per investigator, second line?" asks for a number, and the model hears harm in half of such shorthand. A question
that also tells of a case ("... in the pivotal study? Mine lasted nine days") is none of these: every sentence must be
part of asking, and no word may speak of somebody. In doubt it tells of somebody. By the wording alone.
"""

from __future__ import annotations

import re

from assistant.answering.results import asks_for_a_result

#: What names a study, an arm of one or a measure that only a study has.
_OF_A_STUDY = re.compile(
    r"\b(?:trials?|(?<!sleep )(?<!conduction )(?<!swallow )stud(?:y|ies)|arms?|placebo|pbo|"
    r"cohorts?|randomi[sz]ed|double[- ]blind|pooled|"
    r"per (?:investigator|protocol)|(?:primary|secondary) end-?points?|hazard ratio|odds ratio|responder rates?|"
    r"tumou?r board|cumulative dose|clinical program\w*|head[- ]to[- ]head|h2h|on (?:the )?label|in the (?:PI|label)|"
    r"phase (?:II|III|[23])|(?-i:ORR|OS|m?PFS|EFS|DFS|RFS|DOR|ITT|NNT|RCT|CI|SOC)|"
    # A share of many people is one of a study's.
    r"in how many|(?:how many|(?:what|which) (?:share|proportion|fraction|percent\w*|%) of(?: the)?) "
    r"(?:\w+ )?(?:patients|pts|subjects|participants|people|men|women|adults|children|kids|teens|adolescents)|"
    # A study's own name, in capitals behind a preposition or before a colon: "in DANCE", "HERO: ...".
    r"(?-i:(?:[Ii]n|[Ff]rom) (?:the )?[A-Z]{4,}(?:[- ]\d+)?\b|^[A-Z]{4,}(?:[- ]\d+)?(?=:)))",
    re.IGNORECASE,
)
#: What was measured, asked for without a word for the number: "Hb gain at 12 mo on the high-dose arm?"
_MEASURED = re.compile(
    r"\b(?:in how many|gain|change|drop|fall|difference|diff|reduction|rise|decrease|increase|numbers?|improvement)\b",
    re.IGNORECASE,
)
#: What speaks of somebody, or of something that happened: in a question for a study's result none of it is needed.
_OF_SOMEBODY = re.compile(
    r"\b(?:(?<!study )(?<!trial )(?<!part )(?<!phase )i|i'm|im|i'?ve|my|mine|me|we|we'?ve|our(?! the medicine)|"
    r"ours|he|she|his|her|hers|him|somebody|someone|"
    r"mom|mum|mother|dad|father|son|daughter|wife|husband|spouse|partner|boyfriend|girlfriend|sister|brother|aunt(?:ie)?|"
    r"uncle|niece|nephew|cousin|gran(?:ny|n?dad)?|nan|grand\w+|friend|neighbou?r|colleague|co-?worker|resident|ward|"
    r"twins?|baby|stillborn|"
    r"mr|mrs|ms|(?:patient|pt|man|woman|lady|gentleman|girl|boy|child|infant|kid|subject|client|case)(?!-)|"
    r"(?:dr|prof)\.? \w+'s|\d+[ -]?(?:y/?o|yo)\b|years?[- ]old|"
    r"has|(?<!many )(?<!patients )(?<!men )(?<!people )(?<!pts )(?<!subjects )had|have been|"
    r"been|gave|given|noted|saw|seen|fell|rose|went|slipped|crept|dropped to|came|got|reported|"
    r"since|ago|yesterday|today|tonight|now|still|anymore|already|at present|so far|this (?:morning|week|month)|"
    r"last (?:week|night|month|year)|days? later|zero for|none of|"
    r"(?:one|two|three|four|five|both|some) of (?:them|ours)|while on|under treatment|to report|(?:despite|whilst)|"
    r"after (?:\w+ ){0,2}(?:doses?|cycles?|months?|weeks?|days?|tablets?|pills?|injections?|infusions?|"
    r"milligrams?|mg))\b"
    # A value that was measured: "Hb 8.1", "creatinine 512", "4x ULN".
    r"|\b(?:hb|hgb|anc|alt|ast|egfr|lvef|tsh|lipase|creatinine|bilirubin|platelets?|neutrophils|eosinophils|a1c|hba1c)"
    r"\s\d|\bULN\b|\bcomma\b|\bperiod\b.*\bplease$",
    re.IGNORECASE,
)
#: Where one sentence ends and what is said besides begins.
_ENDS = re.compile(r"[.?!;](?=\s|$)|\s[\u2013\u2014-]+\s|[()\[\]]")
_LETTERS = re.compile(r"\b(?!and\b|or\b)[A-Za-z]{2}")
#: All that a sentence beside the question may be made of: "Numbers please.", "What's in the PI?"
_POLITE = re.compile(
    r"(?:(?:what|what's|is|are|do|does|we|you|they|have|there|it|in|on|the|this|a|an|any|anything|numbers?|pls|plz|"
    r"please|thanks|thank|hi|hello|cheers|label|labell?ing|PI|USPI|data|figures?|exact|just|only|need|needs?|asap|"
    r"customer|phone|doc|head|to|and|or|of|for|approved|share|say|says|show|shows?|q|question|cust)\b[\s,:'\"]*)+",
    re.IGNORECASE,
)
#: What stands before a question and only says among whom, in which study or who asks.
_AMONG = re.compile(
    r"(?:(?:in|from|for|at|among|across|of|within|during|per|as)\b[^,]*|"
    r"[^,]*\b(?:ask(?:s|ed|ing)?|wants?(?: to know)?|need(?:s|ing)?|wonder\w*|know|question|q|pushing back)\b[^,]*)"
    r"[,:]?\s*",
    re.IGNORECASE,
)
#: Who it is for, behind the question: "for a GI onc".
_FOR_WHOM = re.compile(r"for (?:an? |my |the )?[\w-]+(?: [\w-]+)?", re.IGNORECASE)
#: Behind a study's last word nothing but so many words may stand where no question mark ends them.
_MOST_BEHIND = 1
#: Where a clause of a sentence ends, and what happened to somebody in one.
_CLAUSES = re.compile(r",|\b(?:as|because|like|while|whereas|but)\b", re.IGNORECASE)
_HAPPENED = re.compile(
    r"\b(?:died|dead|bled|bleeding|collapsed|miscarried|hospitali[sz]ed|admitted|septic|lost|worse|worsened|seized|"
    r"crashed|fainted|swelled|swollen|vomited|vomiting)\b",
    re.IGNORECASE,
)
_WH = re.compile(r"\b(?:what|how|which)\b", re.IGNORECASE)


def asks_of_a_study(question: str) -> bool:
    """Whether the wording asks for a result of a study and tells of nobody."""
    asks = asks_for_a_result(question) or _MEASURED.search(question)
    if not (asks and _OF_A_STUDY.search(question)) or _OF_SOMEBODY.search(question):
        return False
    said = [each for each in (each.strip(" ,:'\"") for each in _ENDS.split(question)) if _LETTERS.search(each)]
    if not all(_OF_A_STUDY.search(each) or _POLITE.fullmatch(each) for each in said):
        return False
    return all(_is_one_question(each, question) and _all_asks(each) for each in said)


def _all_asks(said: str) -> bool:
    """Whether each further clause of a sentence belongs to the question: "..., two died in week 3?" tells."""
    _, *further = (each for each in (each.strip(" ,:'\"") for each in _CLAUSES.split(said)) if _LETTERS.search(each))
    among = (_OF_A_STUDY.search, _POLITE.fullmatch, _FOR_WHOM.fullmatch)
    return all(any(says(each) for says in among) and not _HAPPENED.search(each) for each in further)


def _is_one_question(said: str, question: str) -> bool:
    """Whether a sentence of ``question`` is nothing but a question: nothing is told before it, or behind without a
    mark."""
    asking = _WH.search(said)
    if asking is not None and asking.start() == 0:
        return "?" in question
    if asking is not None and not _AMONG.fullmatch(said[: asking.start()]):
        return False
    behind = said[max((each.end() for each in _OF_A_STUDY.finditer(said)), default=0) :].strip(" ,:'\"")
    short = len(behind.split()) <= _MOST_BEHIND
    return "?" in question or short or any(each.fullmatch(behind) for each in (_POLITE, _FOR_WHOM))
