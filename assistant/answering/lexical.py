"""Lexical evidence: BM25 over stemmed words (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework").

Statistics are those of one product's passages, so that a word which every label holds still tells the passages of one
label apart, and so that a question costs the same beside a thousand other products.
"""

from __future__ import annotations

import math
import re
import struct
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from assistant.answering.drug_classes import NAMES_OF
from assistant.understanding.conditions import ABBREVIATIONS
from assistant.understanding.lay_terms import other_names
from assistant.understanding.matters import matters_in
from assistant.understanding.stems import stem

K1 = 1.2
B = 0.75

#: "Type 1" is one word: the number by itself stands wherever a section is referred to. So is an alcohol that nobody
#: drinks: a coated tablet says nothing of wine.
_TOKEN = re.compile(
    r"(?:type|grade|stage|class|genotype|group)\s(?:\d|[iv]+)\b|(?:1st|2nd|3rd)\b|\d+(?:[.,]\d+)*"
    r"|(?:polyvinyl|vinyl|benzyl|isopropyl|cetyl|stearyl|cetostearyl|oleyl|lanolin|myristyl|rubbing)\s+alcohols?\b"
    r"|alcohol[\s-](?:pads?|swabs?|wipes?|preps?|dehydrogenase|based|pledgets?)\b"
    r"|side\s+effects?\b|non-?alcoholic\b|(?:never|non)-?[ -]?smok(?:ed|ers?|ing)\b"
    r"|q\d{1,2}[wdhm]\b|(?:hb)?a1c\b|[^\W\d_]+"
)

#: Words that carry no evidence about which passage answers.
STOP_WORDS = frozenset(
    "a about after all also am an and any are as at be because been before being but by can could did do does doing "
    "for from get give given had has have he her him his how i if in into is it its just like may me might my no "
    "nor not of "
    "off on or our out over she should so some take taken taking than that the their them then there these they this "
    "to too under up us use used using very was we were what when where which while who why will with would you your "
    "medicine drug product tell please know need want s t "
    # Labels write it where they forbid, beside "hypersensitivity to any"; what they consist of they list.
    "excipient excipients".split()
)


#: Words for one thing, lay and professional: the first of each group stands for all of it.
_SAME_THING = (
    "lactation lactating breastfeed breastfed breastfeeding milk",
    "pregnancy pregnant pregnancies expecting",
    "renal kidney kidneys",
    "hepatic liver",
    "geriatric elderly older seniors",
    "pediatric paediatric child children kid kids childhood infant infants baby babies adolescent "
    "adolescents teenager teenagers",
    "neonate neonates neonatal newborn newborns preterm",
    "cardiac heart",
    "pulmonary lung lungs",
    "ophthalmic eye eyes ocular",
    "dermal skin cutaneous",
    "alcohol alcoholic beer wine liquor",
    "food foods meal meals breakfast eat eating fed",
    "seizure seizures convulsion convulsions epilepsy epileptic fits",
    "emesis vomit vomiting vomited",
    "pyrexia fever febrile",
    "pruritus itch itching itchy",
    "somnolence drowsy drowsiness sleepy sleepiness",
    "dyspnea breathless breathlessness",
    "hemorrhage haemorrhage bleed bleeding bleeds",
    "refrigerator refrigerate refrigerated refrigeration fridge",
    "tablet tablets pill pills tabs tab",
    "injection inject injections injected shot shots jab",
    "dose doses dosage dosing dosed",
    "discontinue discontinued discontinuing discontinuation stop stopped stopping withdraw withdrawn withdrawal",
    "missed miss forgot forgotten forget skipped skip",
    "contraceptive contraceptives contraception",
    "interaction interactions interact interacts",
    "overdose overdosage overdosed overdoses",
    "mechanism mechanisms works",
    "antacid antacids",
    "initial starting",
    "antidote reversal reverse reversed",
    "crushed crush crushing",
    "first 1st",
    "second 2nd",
    "third 3rd",
)

#: Shorthand for what is no illness, as hospitals and representatives write it; several may mean one thing.
_SHORTHAND = {
    "adverse": "ae aes adr adrs",
    "serious adverse": "sae saes",
    "absolute neutrophil count": "anc",
    "white blood cell": "wbc wbcs leukocyte leukocytes leucocyte leucocytes",
    "red blood cell": "rbc rbcs",
    "hemoglobin": "hgb hb a1c",
    "platelet": "plt plts thrombocytes",
    "liver test": "lft lfts",
    "creatinine clearance": "crcl clcr",
    "glomerular filtration": "egfr gfr",
    "blood pressure": "bp",
    "electrocardiogram": "ecg ekg",
    "complete blood count": "cbc",
    "body surface": "bsa",
    "hemodialysis dialysis": "hd haemodialysis",
    "end stage renal": "esrd eskd",
    "chronic kidney": "ckd",
    "oral": "po",
    "intravenous": "iv",
    "subcutaneous": "sc sq subq subcut",
    "oral contraceptive": "ocp ocps",
    "placebo": "pbo plb",
    "interaction": "ddi ddis",
    "pharmacokinetics": "pk",
    "mechanism": "moa",
    "pediatric": "peds",
    "urinary tract infection": "uti utis",
    "methotrexate": "mtx",
    "tamoxifen": "tam",
    "hydroxychloroquine": "hcq",
    "prolactin": "prl",
    "poor metabolizer": "pm pms",
    "extensive metabolizer": "em ems",
    "treatment emergent adverse": "teae teaes",
    "injection site reaction": "isr isrs",
    "infusion related reaction": "irrs",
    "cytokine release": "crs",
    "once daily": "qd",
    "twice daily": "bid",
    "three times daily": "tid",
    "four times daily": "qid",
    "as needed": "prn",
    "serum creatinine": "scr",
    "upper limit of normal": "uln",
    "alanine aminotransferase": "alt",
    "aspartate aminotransferase": "ast",
    "alkaline phosphatase": "alp",
    "creatine phosphokinase": "cpk",
    "low density lipoprotein": "ldl",
    "high density lipoprotein": "hdl",
    "triglyceride": "tgs",
    "hemoglobin a1c": "hba1c",
    "thyroid stimulating hormone": "tsh",
    "parathyroid hormone": "pth ipth",
    "body mass": "bmi",
    "heart rate": "bpm",
    "left ventricular ejection fraction": "lvef",
    "cardiovascular": "cv",
    "transient ischemic": "tia",
    "cerebrovascular accident stroke": "cva",
    "hepatitis b": "hbv",
    "hepatitis c": "hcv",
    "human immunodeficiency": "hiv",
    "central nervous system": "cns",
    "percutaneous coronary": "pci",
    "coronary artery bypass": "cabg",
    "interstitial lung": "ild",
    "posterior reversible encephalopathy": "rpls",
    "progressive multifocal leukoencephalopathy": "pml",
    "neuroleptic malignant": "nms",
    "graft versus host": "gvhd",
    "body weight": "bw",
    "monotherapy": "mono",
    "combination": "combo",
    "maximum": "max",
    "versus": "vs",
    "maximum tolerated": "mtd",
    "confidence interval": "ci",
}
#: Professional shorthand counts as what it stands for besides itself, in questions and labels alike.
_SPELLED_OUT: dict[str, tuple[str, ...]] = {
    short: tuple(long.split()) for short, long in ABBREVIATIONS.items() if len(short) > 2 and short != long
} | {short: tuple(long.split()) for long, written in _SHORTHAND.items() for short in written.split()}


#: "q12h", as prescriptions say how often.
_EVERY = re.compile(r"q(\d{1,2})([hdwm])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks", "m": "months"}

#: British spelling, read as labels of the United States write.
_BRITISH = re.compile(
    r"aem|aes(?=th)|(?<=p)aed|(?<=f)aec|oed(?=em)|\boes|(?<=rrh)oe|(?<=n)oe(?=a)|(?<=f)oet|umour|olour|ulph|isation"
)
_AMERICAN = {
    "aem": "em", "aes": "es", "aed": "ed", "aec": "ec", "oed": "ed", "oes": "es", "oe": "e", "oet": "et",
    "umour": "umor", "olour": "olor", "ulph": "ulf", "isation": "ization",
}  # fmt: skip


def _american(token: str) -> str:
    return _BRITISH.sub(lambda found: _AMERICAN[found[0]], token) if len(token) > 5 else token


@lru_cache(maxsize=1)
def _concepts() -> dict[str, str]:
    lines = (group.split() for group in _SAME_THING)
    return {stem(_american(word)): stem(_american(same[0])) for same in lines for word in same}


def _spelled_out(token: str) -> tuple[str, ...]:
    if interval := _EVERY.fullmatch(token):
        return ("every", interval[1], _UNITS[interval[2]])
    return _SPELLED_OUT.get(token, ())


def is_shorthand(token: str) -> bool:
    """Whether ``token``, in lower case, stands for the same words in every label."""
    return token in _SPELLED_OUT or token in ABBREVIATIONS


def _plain(text: str) -> str:
    """``text`` without the accents of its letters: labels write "Behçet" and "Sjögren", questions seldom do."""
    if text.isascii():
        return text
    parted = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(each for each in parted if not unicodedata.combining(each)))


def terms(text: str) -> list[str]:
    """The stemmed words and the numbers of ``text``, one for all words of one thing, stop words left out."""
    folded = _plain(unicodedata.normalize("NFKC", text).casefold())
    concepts = _concepts()
    tokens = (part for token in _TOKEN.findall(folded) for part in (" ".join(token.split()), *_spelled_out(token)))
    stems = (stem(_american(token)) for token in tokens if token not in STOP_WORDS)
    return [concepts.get(found, found) for found in stems]


Terms = tuple[str, ...]

#: A word joined of nouns, the last of which says what it is. Behind an adjective ("latex-free") it is the first.
_JOINED = re.compile(
    r"(?<![\w-])[^\W\d_]{2,}(?:-[^\W\d_]{2,})*-(?!(?:free|related|induced|associated|containing|based|like|positive|"
    r"negative|dependent|resistant|sensitive|specific|naive|experienced|controlled|confirmed|proven|treated|risk|dose|"
    r"doses|dosing|term|day|week|month|year|hour|release|line|stage|grade|onset|weight|acting|approved|label)\b)"
    r"[^\W\d_]{2,}(?![\w-])",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
#: What stands between words that stand side by side: one space, a hyphen or a dash.
_BETWEEN = frozenset((" ", "-", "\u2010", "\u2011", "\u2013"))


def hyphenated(text: str) -> list[Terms]:
    """The terms of each word of ``text`` that a hyphen joins ("sleep-driving"), if each part of it has one."""
    found = ((match[0].split("-"), tuple(terms(match[0]))) for match in _JOINED.finditer(text))
    return [parts for words, parts in found if len(parts) == len(words)]


def adjoin(parts: Terms, text: str) -> bool:
    """Whether ``parts`` stand side by side in ``text``, in this order."""
    at, end = 0, 0
    for word in _WORD.finditer(text):
        term = terms(word[0])
        at = at if at and text[end : word.start()] in _BETWEEN else 0
        at = at + 1 if term == [parts[at]] else int(term == [parts[0]])
        end = word.end()
        if at == len(parts):
            return True
    return False


def names_of(word: str) -> list[frozenset[str]]:
    """The terms of a substance's names, its own and its generic one, of which a label that speaks of it holds one."""
    named = NAMES_OF.get(word)
    return [frozenset(terms(name)) for name in (word, named.generic if named else "") if name]


@lru_cache(maxsize=128)
def listed(words: str) -> frozenset[str]:
    """The terms of a list of the project's own words; of a question's nothing is remembered."""
    return frozenset(terms(words))


@dataclass(frozen=True, slots=True)
class _Thing:
    """Something that a question names: the terms it is ``said`` by, and those of each of its ``names`` in labels.

    ``unless``: of the names none counts where the label has one of these. ``whole``: it is said by several words, which
    mean it together alone: a flu shot is no flu.
    """

    said: Terms
    names: tuple[Terms, ...]
    unless: tuple[Terms, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """What a question says: its own terms, and the things that labels may call otherwise."""

    own: Terms
    things: tuple[_Thing, ...]

    @classmethod
    def of(cls, text: str) -> Wording:
        """A substance has its generic name, its classes and its roles, an illness and a matter what labels call it."""
        return cls(tuple(terms(text)), tuple(_things(text)))

    @property
    def all(self) -> set[str]:
        """Every term that may be searched for."""
        return {*self.own, *(term for thing in self.things for name in thing.names for term in name)}

    def in_words_of(self, written: Collection[str]) -> list[str]:
        """The terms to search one label for: the question's own, and what this label calls the same things.

        Where the label has its own words for a thing, those of the question that stand nowhere in it are left out: they
        would count as missed.

        :param written: the terms that stand in the label.
        """
        found = list(self.own)
        for thing in self.things:
            if any(_stands(name, written) for name in thing.unless):
                continue
            calls = [name for name in thing.names if _stands(name, written)]
            if calls:
                found = [term for term in found if term not in thing.said or (term in written and not thing.whole)]
                found += dict.fromkeys(term for name in calls for term in name if term not in found)
        return found


def _stands(name: Terms, written: Collection[str]) -> bool:
    return bool(name) and all(term in written for term in name)


@lru_cache(maxsize=4096)
def _of_name(name: str) -> Terms:
    """The terms of a name from the project's own lists; of a question's words nothing is remembered."""
    return tuple(terms(name))


def _things(text: str) -> Iterator[_Thing]:
    for token in _TOKEN.findall(text.casefold()):
        if (named := NAMES_OF.get(token)) is not None:
            said, generic = _of_name(token), _of_name(named.generic)
            yield _Thing(said, (generic, *map(_of_name, named.classes)))
            yield _Thing(said, tuple(map(_of_name, named.roles)), unless=(said, generic))
    for words, name in other_names(text):
        yield _Thing(tuple(terms(words)), (_of_name(name),))
    # Sleep-driving is no driving.
    for matter, words in matters_in(_JOINED.sub(" ", text)):
        said, names = tuple(terms(words)), tuple(map(_of_name, matter.written))
        whole = matter.decides and len(said) > 1 and not any(term in name for name in names for term in said)
        yield _Thing(said, names, whole=whole)


_POSTING = struct.Struct("<IH")


def pack(postings: Iterable[tuple[int, int]]) -> bytes:
    """``(row, count)`` pairs as bytes, 6 a pair."""
    return b"".join(_POSTING.pack(row, min(count, 0xFFFF)) for row, count in postings)


def unpack(blob: bytes) -> list[tuple[int, int]]:
    """What :func:`pack` packed."""
    return list(_POSTING.iter_unpack(blob))


def bm25(
    query: list[str], postings: Mapping[str, list[tuple[int, int]]], lengths: Mapping[int, int], average: float
) -> dict[int, float]:
    """How well each row matches ``query``, as a share of the most that these words could score (0 to 1).

    Rows outside ``lengths`` are not eligible and left out. A word that stands in no row counts towards what could be
    scored, as the rarest word would: a question whose words are not here is not matched by the few that are.
    """
    scores: dict[int, float] = {}
    total = len(lengths)
    best = 0.0
    for term, weight in Counter(query).items():
        found = [(row, count) for row, count in postings.get(term, ()) if row in lengths]
        idf = math.log(1 + (total - len(found) + 0.5) / (len(found) + 0.5))
        best += weight * idf * (K1 + 1)
        for row, count in found:
            norm = count + K1 * (1 - B + B * lengths[row] / average)
            scores[row] = scores.get(row, 0.0) + weight * idf * count * (K1 + 1) / norm
    return {row: score / best for row, score in scores.items()}
