"""Questions that are the name of an illness and nothing else: "mesothelioma", "IBD dose", "acute pancreatitis".

Whoever asks so asks for that illness, but a model that learnt sentences takes the bare word for a reaction or marks
nothing, and no wording leads to it. By wording alone; nothing here is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.understanding.conditions import ABBREVIATIONS, condition_words, spelled_out
from assistant.understanding.lay_terms import said_otherwise

#: A name of so many words at most; a sentence says more than an illness.
_MOST_WORDS = 4
#: What is asked of an illness besides its name, and words between.
_ASKED_OF_IT = re.compile(
    r"\b(?:the medicine(?:[- ](?:induced|associated|related))?|"
    r"(?:starting|initial|loading|maintenance|maximum|max|usual|recommended|high|low|adult|pediatric|"
    r"protocol|oral|iv|im|daily|weekly)|"
    r"dos(?:e|es|age|ages|ing)(?: (?:chang\w+|adjust\w+|modif\w+|reductions?|interruptions?|delays?))?|"
    r"titrat\w+|posology|per|regimens?|protocols?|treatments?|contraindicat\w+|"
    r"therap(?:y|ies)|indications?|uses?|what(?:['\u2019]?s)?|is|are|the|for|in|of|to|treat|an?|adults?|"
    r"patients?(?: with)?|pts?(?: with)?|approved|label|pls|plz|please|quick|q(?! fever)|"
    r"correct|right|again|duration|length|"
    r"history|h/o|hx|prior|previous|known|i|i'm|i've|he|she|they|has|have|had|got|my|"
    r"(?:(?:\d+|many|some|(?:a )?few|several) )?(?:years?|months?|weeks?|days?) ago|as a (?:child|teen\w*))\b",
    re.IGNORECASE,
)
#: Who does or asks something says more than an illness.
_SENTENCE = re.compile(
    r"\b(?:how|when|why|which|who|does|do|did|can|could|should|would|will|may|be|am|was|were|it|this|that|there|"
    r"cause\w*|manag\w+|hold|stop\w*|start(?:ed|s)?|happen\w*|tak\w+|took|giv\w+|used|using|help\w*|"
    r"(?<!shift )(?<!shift-)work\w*|need\w*|"
    r"want\w*|tell|safe|ok|okay|fine|allowed|good|with(?:out)?|on|after|before|since|from|because|if|not|no|any|role|place|data|evidence|"
    r"mods?|(?-i:G)[1-5]|gr\.? ?[1-5]|"
    r"info\w*|about|grade|rates?|risk|study|studies|trials?|vs|versus|than|frequency|incidence|percent\w*|median|mean|"
    r"time|peak|half|life|auc|cmax|exposures?|fold|(?<!creatinine )clearance|pk|pharmacokinetics?|bioavailability|"
    r"absorption|metabolism|elimination|excretion|binding|levels?|counts?|cases|numbers?|results?|efficacy|effect\w*|respon\w+|survival|mechanism|"
    r"aes?|adrs?|teaes?|saes?|adverse|safety|warnings?|interactions?|untreated|naive|and|or|studied|cautions?|line|mice|mouse|rats?|rabbits?|dogs?|"
    r"monkeys?|animals?)\b|\bw/|[,;:]",
    re.IGNORECASE,
)
#: What is taken besides, and a dose that it is asked to lower.
_BESIDES = re.compile(r"\b(?:inhibitors?|inducers?|meds|medications?|drugs|lower (?:the|its) dose)\b", re.IGNORECASE)
#: What is done about an illness, or counted of it: no part of its name.
_DONE_ABOUT_IT = re.compile(
    r"prevent\w*|reduc(?:es?|ing|tions?)|lower(?:s|ed|ing)|mortality|monthly|days", re.IGNORECASE
)
#: What an illness is named by: what brought it about, and whom it befalls.
_BROUGHT_ABOUT = re.compile(r"([^\W_]\w*)[- ](?:induced|associated|related)\b", re.IGNORECASE)
_BEFALLS = re.compile(r"\b(?:juvenile|infantile)\s+(?=[^\W\d])", re.IGNORECASE)
#: How the names of illnesses end (Greek and Latin medical suffixes), and words that only illnesses bear.
_ENDS_AN_ILLNESS = re.compile(
    r"(?:[a-z]{2,}(?:itis|omas?|[ae]mias?|osis|oses|pathy|pathies|algias?|penias?|rrh(?:o?ea|agia)|plegia|paresis|"
    r"phobia|sclerosis|dystrophy|trophy|sarcoma|megaly|plasia|spasm|ectas[ei]s)|"
    r"cancers?|tumou?rs?|lymphomas?|sarcomas?|diseases?|syndromes?|disorders?|infarction|incontinence|failure|"
    r"fractures?|injur(?:y|ies)|clots?|thromb(?:us|i)|embol(?:us|ism)|prediabetes|diabetes|hypertension|stroke|asthma|"
    r"migraine|psoriasis|lupus|schizophrenia|depression|malaria|tuberculosis|influenza|sepsis|shock|scleroderma|"
    r"vitiligo|urticaria|alopecia|imperfecta|bulimia|autism|dementia|obesity|gout|narcolepsy|eczema|rosacea|"
    r"headaches?|insomnia|jetlag|flutter|apno?ea|arrhythmias?|epilepsy|palsy|pneumonia|sickness|"
    r"transplant(?:ation)?s?|gravis|dysthymia)",
    re.IGNORECASE,
)
#: What a dose is asked for, right behind the word.
_DOSED_FOR = re.compile(r"\b(?:dos(?:e|es|age|ages|ing)|regimens?|protocols?)\s+(?:for|in)\s+[^,;.?!]+", re.IGNORECASE)
#: What may stand beside an illness that says nothing of what is asked.
_BESIDE_A_NAME = re.compile(r"\b(?:the medicine|for|in|patients?|adults?|an?)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_][\w'-]*")
#: Atrial fibrillation, as it is spoken.
_A_FIB = re.compile(r"\ba[- ]?fib\b", re.IGNORECASE)
_JET_LAG = re.compile(r"\bjet[- ]lag\b", re.IGNORECASE)
#: The name of an illness, and no comparison of two things.
_GRAFT_VERSUS_HOST = re.compile(
    r"\bgraft[- ]{0,3}(?:versus|vs\.?|against)[- ]{0,3}(?:the[- ])?host(?:[- ]disease)?\b", re.IGNORECASE
)
#: What is asked of the illness that a question begins with. Kidney disease is a group of patients.
_BEGUN = re.compile(
    r"\W*(?:the medicine )?(?:for |in )?(?!ckd|aki)([^\W_][\w-]*)\s+(?:(?:renal|hepatic|pediatric|adult|starting|"
    r"initial|max(?:imum)?|usual)\s+)*(?:dos\w+|adjust\w+|prophyla\w+|treatment|prevention)\b",
    re.IGNORECASE,
)
#: Most of a shorthand's letters are capitals: "OCD", "pJIA", "HFpEF".
_CAPITALS = re.compile(r"^[A-Z]{2}$|[A-Z]{2}.|[A-Z].?[A-Z]{1,2}$")
#: Capitals that mean something else in questions about medicines: a salt, a laboratory's measure, where one is treated.
_NO_SHORTHAND = re.compile(r"HCL|A1C|HBA1C|CA|ED|ALL", re.IGNORECASE)


def illness_alone(question: str) -> tuple[str, ...]:
    """The words of the illness that is all that ``question`` (product names masked) names; () where it says more."""
    named = named_alone(question)
    if not any(map(is_an_illness, named)) or _BESIDES.search(question):
        return ()
    # A number tells a type; any other is an age or a dose.
    told = [word for before, word in zip(("", *named), named, strict=False) if not word.isdigit() or before == "type"]
    return spelled_out(" ".join(told))


def named_alone(question: str) -> tuple[str, ...]:
    """The words that ``question`` (product names masked) consists of, what is asked left out; () where it says more."""
    said = _in_one_word(question)
    named = tuple(word[0] for word in _WORD.finditer(_ASKED_OF_IT.sub(" ", said)))
    return () if _SENTENCE.search(said) or len(named) > _MOST_WORDS else named


def is_bare(question: str) -> bool:
    """Whether ``question`` (product names masked) is the name of an illness, of which nothing is asked, not a dose."""
    spoken = [word[0] for word in _WORD.finditer(_BESIDE_A_NAME.sub(" ", _in_one_word(question)))]
    return bool(illness_alone(question)) and spoken == list(named_alone(question))


def _in_one_word(question: str) -> str:
    """``question`` with the illnesses in one word that none of their words names."""
    return _JET_LAG.sub("jetlag", _A_FIB.sub("AFib", _GRAFT_VERSUS_HOST.sub("GVHD", question)))


def brought_about_by(question: str) -> frozenset[str]:
    """What ``question`` names only as the cause of an illness: the heparin of a thrombocytopenia."""
    return frozenset(match[1].casefold() for match in _BROUGHT_ABOUT.finditer(question))


def without_age(question: str) -> str:
    """``question`` without the age that an illness is named by: a juvenile arthritis is no child."""
    return _BEFALLS.sub("", question)


def illness_itself(named: Sequence[str]) -> tuple[str, ...]:
    """``named``, the words of an illness alone, without what is done about it: "stroke prevention"."""
    return tuple(word for word in named if not _DONE_ABOUT_IT.fullmatch(word))


def illness_dosed(question: str) -> tuple[str, ...]:
    """The words of the illness that ``question`` asks a dose for; () where what it names is not surely one."""
    asked = _DOSED_FOR.search(question)
    named = condition_words(asked[0]) if asked else ()
    return named if any(map(is_an_illness, named)) else ()


def illness_in_shorthand(question: str) -> tuple[tuple[str, ...], ...]:
    """The words of each illness that ``question`` (product names masked) writes in the capitals of its shorthand."""
    return tuple(
        spelled_out(word[0])
        for word in _WORD.finditer(_in_one_word(question))
        if _CAPITALS.search(word[0]) and word[0].casefold() in ABBREVIATIONS and not _NO_SHORTHAND.fullmatch(word[0])
    )


def illness_at_first(question: str) -> tuple[str, ...]:
    """The words of the illness whose shorthand ``question`` (product names masked) begins with: "AF dose CrCl 40"."""
    begun = _BEGUN.match(_in_one_word(question))
    return next(iter(illness_in_shorthand(begun[1])), ()) if begun else ()


def names_an_illness(word: str) -> bool:
    """Whether ``word`` is an illness by its ending or its letters, or has another name as one: hives."""
    return is_an_illness(word) or any(said_otherwise(word))


def is_an_illness(word: str) -> bool:
    """Whether ``word`` is shorthand for an illness or ends as the names of illnesses do."""
    last = word.rpartition("-")[2]  # "nr-axSpA"
    known = ABBREVIATIONS.get(last.casefold()) if len(last) > 2 or last.isupper() else None
    return known is not None or _ENDS_AN_ILLNESS.fullmatch(word) is not None
