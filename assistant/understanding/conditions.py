"""The condition a question is about, and whether the label's approved words speak of it (DESIGN, section 3.2).

No model can know what is off label; the label can. The condition is taken from the question as a span; planning
compares it with the product's approved indication, contraindication and limitation texts. Only words count: a
condition whose words stand in the indication is on label, one of which no word of its own stands there is not, anything
between is asked back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise

from assistant.understanding.illness_types import is_type_of, of_another_number, opposite
from assistant.understanding.stems import stem

#: Shorthand that professionals write for conditions; the words on the right are what labels write, "non" joined to the
#: word behind it (``illness_types.joined``): a label for NSCLC is none for small cell lung cancer.
ABBREVIATIONS: dict[str, str] = {
    "a1c": "glycemic control",
    "absssi": "acute bacterial skin skin structure infection",
    "acs": "acute coronary syndrome",
    "adhd": "attention deficit hyperactivity disorder",
    "af": "atrial fibrillation",
    "afib": "atrial fibrillation",
    "aih": "autoimmune hepatitis",
    "aki": "acute kidney injury",
    "als": "amyotrophic lateral sclerosis",
    "aml": "acute myeloid leukemia",
    "ards": "acute respiratory distress syndrome",
    "as": "ankylosing spondylitis",
    "ascvd": "atherosclerotic cardiovascular disease",
    "axspa": "axial spondyloarthritis",
    "bph": "benign prostatic hyperplasia",
    "ca": "cancer",
    "cabp": "community acquired bacterial pneumonia",
    "cad": "coronary artery disease",
    "cf": "cystic fibrosis",
    "chd": "coronary heart disease",
    "chf": "heart failure",
    "cidp": "chronic inflammatory demyelinating polyneuropathy",
    "ckd": "chronic kidney disease",
    "cll": "chronic lymphocytic leukemia",
    "cml": "chronic myeloid leukemia",
    "copd": "chronic obstructive pulmonary disease",
    "covid": "covid 19 coronavirus disease",
    "crc": "colorectal cancer",
    "crpc": "castration resistant prostate cancer",
    "crps": "complex regional pain syndrome",
    "dka": "diabetic ketoacidosis",
    "dlbcl": "diffuse large b cell lymphoma",
    "dmd": "duchenne muscular dystrophy",
    "dme": "diabetic macular edema",
    "dpn": "diabetic peripheral neuropathy",
    "dvt": "deep vein thrombosis",
    "ed": "erectile dysfunction",
    "eoe": "eosinophilic esophagitis",
    "gad": "generalized anxiety disorder",
    "gbm": "glioblastoma",
    "gca": "giant cell arteritis",
    "gerd": "gastroesophageal reflux disease",
    "gist": "gastrointestinal stromal tumor",
    "gvhd": "graft versus host disease",
    "hae": "hereditary angioedema",
    "hba1c": "glycemic control",
    "hbv": "hepatitis b",
    "hcc": "hepatocellular carcinoma",
    "hcl": "hairy cell leukemia",
    "hcm": "hypertrophic cardiomyopathy",
    "hcv": "hepatitis c",
    "hdv": "hepatitis d",
    "hefh": "heterozygous familial hypercholesterolemia",
    "hf": "heart failure",
    "hfpef": "heart failure preserved ejection fraction",
    "hfref": "heart failure reduced ejection fraction",
    "hnscc": "squamous cell carcinoma head neck",
    "hofh": "homozygous familial hypercholesterolemia",
    "hs": "hidradenitis suppurativa",
    "hsct": "hematopoietic stem cell transplant",
    "htn": "hypertension",
    "ibd": "inflammatory bowel disease",
    "ibs": "irritable bowel syndrome",
    "igan": "iga nephropathy",
    "ipf": "idiopathic pulmonary fibrosis",
    "itp": "immune thrombocytopenia",
    "jia": "juvenile idiopathic arthritis",
    "mash": "metabolic dysfunction associated steatohepatitis",
    "mcl": "mantle cell lymphoma",
    "mcrpc": "metastatic castration resistant prostate cancer",
    "mdd": "major depressive disorder",
    "mds": "myelodysplastic syndrome",
    "mets": "metastases",
    "mi": "myocardial infarction",
    "ms": "multiple sclerosis",
    "nash": "nonalcoholic steatohepatitis",
    "ndo": "neurogenic detrusor overactivity",
    "nhl": "nonhodgkin lymphoma",
    "nmo": "neuromyelitis optica",
    "nr": "nonradiographic",
    "nsclc": "nonsmall cell lung cancer",
    "nvaf": "nonvalvular atrial fibrillation",
    "oa": "osteoarthritis",
    "oab": "overactive bladder",
    "ocd": "obsessive compulsive disorder",
    "osa": "obstructive sleep apnea",
    "oud": "opioid dependence",
    "pah": "pulmonary arterial hypertension",
    "pcos": "polycystic ovary syndrome",
    "pe": "pulmonary embolism",
    "phn": "postherpetic neuralgia",
    "pjia": "polyarticular juvenile idiopathic arthritis",
    "pmdd": "premenstrual dysphoric disorder",
    "pmr": "polymyalgia rheumatica",
    "pnh": "paroxysmal nocturnal hemoglobinuria",
    "ppms": "primary progressive multiple sclerosis",
    "psa": "psoriatic arthritis",
    "pso": "psoriasis",
    "ptsd": "posttraumatic stress disorder",
    "ra": "rheumatoid arthritis",
    "rcc": "renal cell carcinoma",
    "rls": "restless legs syndrome",
    "rrms": "relapsing remitting multiple sclerosis",
    "sclc": "small cell lung cancer",
    "scz": "schizophrenia",
    "sle": "systemic lupus erythematosus",
    "sma": "spinal muscular atrophy",
    "spms": "secondary progressive multiple sclerosis",
    "stroke": "stroke",
    "swd": "shift work disorder",
    "t1d": "type 1 diabetes mellitus",
    "t1dm": "type 1 diabetes mellitus",
    "t2d": "type 2 diabetes mellitus",
    "t2dm": "type 2 diabetes mellitus",
    "tnbc": "triple negative breast cancer",
    "ttp": "thrombotic thrombocytopenic purpura",
    "uc": "ulcerative colitis",
    "uti": "urinary tract infection",
    "vte": "venous thromboembolism",
}
#: Shorthand that is a condition only in capitals: in small letters it is a word or a unit.
_IN_CAPITALS = {
    "ALL": "acute lymphoblastic leukemia",
    "FL": "follicular lymphoma",
    "HIT": "heparin induced thrombocytopenia",
    "MM": "multiple myeloma",
}

#: Words of a question that are no part of a condition.
_FILLER = frozenset(
    "a about adult adults all also an and any approve approved at be been being but by can child children could do "
    "does "
    "dose drug evidence for from give given go has have having help her his how i if in indicate indicated indication "
    "indications is it its just kid kids label labeled labelled licensed management may me medicine my not of off "
    "ok on one "
    "or our patient patients people person prescribe prescribed prescribing product program safe she should so some "
    "someone "
    "support supports taking teenager that the their them therapy there these they this to treat treating treatment "
    "trial "
    "trials under use used useful using was we what when whether which while who whom will with without work works "
    "would "
    "you your someone's disease disorder condition only still yet also monotherapy combination "
    "year years yr yrs old month months week weeks day days age aged mg mcg kg ml dose doses dosing dosage daily "
    "once twice msv mci mbq gbq "
    "elderly older prophylaxis ppx girl boy baby infant infants pregnancy pregnant breastfeeding renal kidney hepatic "
    "liver "
    "impairment severe moderate mild initial starting maximum max long much many often start stop interaction "
    "g1 g2 g3 g4 g5 gr1 gr2 gr3 gr4 giving suitable study studies efficacy effective effectiveness".split()
)

#: Filler that is no filler where a condition was marked: Still's disease.
_IN_NAMES = frozenset(("still",))
#: Filler that is part of these names: eating alone is no illness.
_WHOLE_NAMES = frozenset(("eating disorder", "eating disorders"))
#: Filler that is none before these: a liver transplant is no kidney transplant.
_ORGANS = frozenset(("renal", "kidney", "hepatic", "liver"))
_OF_AN_ORGAN = re.compile(
    r"(?:allo)?(?:transplant|graft)\w*|cancers?|carcinomas?|tumou?rs?|metastas[ei]s|mets|cell", re.IGNORECASE
)
_POSSESSIVE = re.compile(r"['\u2019]s\b")

_LEADS = re.compile(
    r"\b(?:for|treat(?:s|ing)?|treatment of|used in|use in|against|help(?:s)? with|works? (?:for|in|on)|"
    r"(?:patients?|people|adults?|children|someone|women|men) with|indicated in|approved in|"
    r"option in|in)\s+([^.?!;\n]+)",
    re.IGNORECASE,
)
#: Who has an illness, and how a question points back to it: "I have MAC. Could it treat that?"
_HAS = re.compile(
    r"\b(?:(?:i|he|she|they|we|who|patient|mother|mom|father|dad|son|daughter|wife|husband)(?:'ve| has| have| had)"
    r"(?: got)?|diagnosed with|suffers? from|living with)\s+(?!to\b|been\b)([^.?!;\n]+)",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(?:treat|help(?: with)?|works? (?:for|on|against)|(?:used?|good|prescribed|approved|indicated) for|"
    r"take (?:it|the medicine) for) (?:that|this|it)\b",
    re.IGNORECASE,
)
#: Before an illness that the question says it is not: "MAC, not TB", "without a urea cycle disorder".
_DENIED = (
    r"\b(?:(?<!why )not(?! (?:only|just|sure))|no(?: (?:history|signs?|evidence) of)?|without|never had|rather than|"
    r"instead of|other than|ruled out|(?:do|does|did|has|have)(?:n't| not) (?:have|had|got))\b"
)
_ARTICLES = r"(?: (?:a|an|any|known|active|yet|having|have|has|had|the)\b)*[ \"'(\u2019-]*"
_DENIED_BEFORE = re.compile(_DENIED + _ARTICLES + "$", re.IGNORECASE)
_DENYING = re.compile(
    rf"(?:{_DENIED}|\b(?:is|are|was|were)n['\u2019]t\b){_ARTICLES}(?=\w)|\bnon-?(?=\w{{4}})", re.IGNORECASE
)
#: Behind what somebody has not had for a time: "no seizures since".
_FOR_NOW = re.compile(r"\s+(?:for|since|in|now|any ?more|while|after|during|on)\b", re.IGNORECASE)
#: Behind an illness whose treatment somebody has not had: "never had Gaucher treatment".
_TREATED = re.compile(r"[ -](?:treatments?|therap(?:y|ies)|medications?|medicines?|drugs?|meds)\b", re.IGNORECASE)
#: Where what is said of an illness ends.
_NO_MORE = re.compile(rf"\W*(?:{_DENIED}|\b(?:how|what|when|why|should|would|can|could|will)\b)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


#: Wording that asks whether the medicine is for something, whatever else the question holds.
_ASKS_USE = re.compile(
    r"\b(?:help(?:s|ful)?(?: with)?|treat(?:s|ing)?|used? (?:for|in|to treat)|work(?:s|ing)? (?:for|in|on)|good for|"
    r"prescribed? (?:for|to)|evidence (?:for|in|supports?)|use of the medicine (?:for|in|to treat)|"
    r"(?:like|want|wants|thinking|plan\w*) (?:to|of) (?:try|use|using|trying|add|adding|give|giving)|"
    r"worth (?:giving|trying|a try)|an option|do (?:something|anything) for|"
    r"(?:role|place) (?:for|of) (?:it|the medicine)|used to manage|(?:any|is there) data (?:in|for|on)|"
    r"(?:start|put) (?:him|her|them|me) on|(?:approved|indicated|licensed|off[- ]label) (?:for|in)|"
    r"(?:take|use|give|try|have|get) (?:it|the medicine) (?:for|against))\b|"
    r"^\W*the medicine (?:for|in) [\w\s'-]+\??$",
    re.IGNORECASE,
)


class LabelStatus(StrEnum):
    """What the label says of a condition; of several names for it, the first of these that holds decides."""

    INDICATED = "indicated"
    LIMITED = "limited"
    UNSURE = "unsure"
    NOT_MENTIONED = "not_mentioned"


def condition_words(question: str) -> tuple[str, ...]:
    """The words of the condition that ``question`` asks about (product names already masked); () when there is none."""
    text = question.replace("the medicine", " ")
    told = _HAS.finditer(text) if _POINTS_BACK.search(text) else ()
    for match in (*reversed(list(_LEADS.finditer(text))), *told):
        found = _named_in(match.group(1))
        if found:
            return found
    return ()


def _named_in(said: str) -> tuple[str, ...]:
    """The words of the illness that ``said`` begins with; where it denies one, of what it goes on with.

    "In patients without diabetes, is it for heart failure?" is about the heart.
    """
    while said:
        end = _NO_MORE.search(said)
        spoken = _telling(said[: end.start()] if end else said)
        found = [word for word, beside in _beside(spoken) if _tells(word, beside) and not word[0].isdigit()]
        if found:
            return tuple(_written_out(found))
        further = _LEADS.search(said, end.end()) if end else None
        said = further.group(1) if further else ""
    return ()


def denied(question: str, start: int) -> bool:
    """Whether the question says that the illness named at ``start`` is not what it is about."""
    return bool(_DENIED_BEFORE.search(question[:start]))


def denied_words(text: str) -> Iterator[tuple[str, ...]]:
    """What ``text`` says that somebody has not, up to the next filler: "no type 2 diabetes", "nondiabetic".

    Who has not had the treatment of an illness may well have the illness.
    """
    for match in _DENYING.finditer(text):
        found, end = list[str](), match.end()
        for word in _WORD.finditer(text, end):
            if word[0].casefold() in _FILLER or text[end : word.start()] not in ("", " ", "-"):
                break
            found.append(word[0].casefold())
            end = word.end()
        if found and not (_FOR_NOW.match(text, end) or _TREATED.match(text, end)):
            yield tuple(_written_out(found))


def asks_use(question: str) -> bool:
    """Whether the wording asks if the medicine is for something (product names already masked)."""
    return bool(_ASKS_USE.search(question))


def points_back(question: str) -> bool:
    """Whether ``question`` asks if the medicine is for what another sentence names: "could it treat that?"."""
    return bool(_POINTS_BACK.search(question))


def spelled_out(condition: str) -> tuple[str, ...]:
    """The words of a condition that somebody marked in a question, shorthand written out."""
    spoken = _telling(_POSSESSIVE.sub("", condition))
    kept = [
        word
        for before, (word, beside) in zip(("", *spoken), _beside(spoken), strict=False)
        if _tells(word, beside) or word in _IN_NAMES or is_type_of(word, before) or f"{before} {word}" in _WHOLE_NAMES
    ]
    if any(words.issuperset(kept) for words in (_COURSES, _COUNTED, _WEIGHED)) or all(map(_NO_NAME.fullmatch, kept)):
        return ()
    return tuple(_written_out(kept))


def _beside(spoken: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each word with the one behind it."""
    return pairwise((*spoken, ""))


def _tells(word: str, beside: str) -> bool:
    """Whether ``word``, before ``beside``, is part of a condition's name."""
    return word not in _FILLER or (word in _ORGANS and _OF_AN_ORGAN.fullmatch(beside) is not None)


def _telling(text: str) -> list[str]:
    """The words of ``text`` in lower case, without "as" where it is no shorthand: "hypertension as monotherapy".

    What is shorthand in capitals only keeps them, unless all is written in capitals.
    """
    spoken = _WORD.findall(text)
    shorthand = _IN_CAPITALS if len(spoken) == 1 or not text.isupper() else {}
    return [
        word if word in shorthand else word.casefold()
        for word in spoken
        if word.casefold() != "as" or word.isupper() or len(spoken) == 1
    ]


def _written_out(found: Iterable[str]) -> list[str]:
    return [part for word in found for part in (ABBREVIATIONS.get(word) or _IN_CAPITALS.get(word, word)).split()]


#: Words that say nothing of which illness it is: "endometriosis pain" is told by its first word.
OF_ANY_ILLNESS = frozenset(
    map(
        stem,
        "pain pains disease diseases disorder disorders syndrome symptom symptoms acute chronic severe mild moderate "
        "attack attacks problem problems condition conditions infection infections onset flare flares "
        "cancer cancers carcinoma tumor tumors tumour tumours leukemia leukaemia lymphoma sarcoma metastatic advanced "
        "recurrent relapsed refractory cell cells".split(),
    )
)


#: Words that name no illness alone, nor does a place in the body: "myocardial", "asymptomatic".
NO_ILLNESS = (
    "asymptomatic symptomatic myocardial cardiac vascular cardiovascular coronary cerebral brain pulmonary renal "
    "hepatic pancreas pancreatic islet intestine intestinal bowel gastric stomach colon colorectal breast prostate "
    "ovary ovarian skin eye bone joint muscle nerve blood"
)
_PLACES = frozenset(map(stem, NO_ILLNESS.split()))
#: What is measured, and what is done: no illness that an indication would leave out by not naming it.
_MEASURED = frozenset(
    "glycemic control bp ldl hdl qtc qt inr egfr gfr crcl ecg ekg lvef ef bmi alt ast anc cpk tsh".split()
)
_DONE = re.compile(
    r"surger(?:y|ies)|operations?|procedures?|an[ae]?esthe(?:sia|tics?)|biops(?:y|ies)|endoscop(?:y|ies)|"
    r"colonoscop(?:y|ies)|extractions?|\w{3,}(?:plasty|plasties|ectom(?:y|ies)|otom(?:y|ies)|ostom(?:y|ies))",
    re.IGNORECASE,
)
#: How an illness runs, and what it withstands: a mark that holds no more names none.
_COURSES = frozenset(
    "acute chronic active recurrent resistant refractory dependent intolerant responsive steroid treatment".split()
)
#: What is counted in blood: neither many nor few, it is no illness.
_COUNTED = frozenset(
    "leukocytes leucocytes neutrophils lymphocytes eosinophils platelets thrombocytes erythrocytes hemoglobin "
    "haemoglobin hematocrit potassium sodium calcium magnesium phosphate creatinine bilirubin albumin ferritin".split()
)
#: Who treats, what an infusion is mixed with, a letter alone: no illness either.
_NO_NAME = re.compile(r"\w+(?:ologist|iatrist|iatrician)s?|d(?:5|10)(?:w|ns)?|saline|\w", re.IGNORECASE)
#: Of what weight a patient is: of whom a dose is asked, and no illness.
_WEIGHED = frozenset(("obese", "overweight", "underweight"))
#: How grave, how recent and how well treated an illness is: what is said against it counts whichever it is.
_QUALIFIERS = frozenset(
    "acute chronic recent recently prior previous past history hx known current suspected new onset sudden severe "
    "moderate mild advanced worsening active inactive controlled uncontrolled well poorly compensated decompensated "
    "stable unstable treated untreated underlying preexisting existing nyha class stage grade i ii iii iv ef lvef "
    "degree first second third".split()
)
#: Words that labels write one for the other.
_GROWTHS = frozenset(("cancer", "carcinoma", "tumor"))
#: So many letters of a longer word are a fragment of it; fewer are shorthand.
_FRAGMENT = 4

#: What any illness has and none is called by.
COURSE = frozenset(map(stem, "flare flares".split()))


def compare(condition: frozenset[str], indicated: frozenset[str], limited: frozenset[str]) -> LabelStatus:
    """Compare the stems of a condition with those of the indication and of limitations and contraindications.

    Where it has words of its own, these decide.
    """
    if not condition:
        return LabelStatus.UNSURE
    if condition <= indicated:
        return LabelStatus.INDICATED
    if condition <= limited:
        return LabelStatus.LIMITED
    own = condition - OF_ANY_ILLNESS
    if own and own.isdisjoint(indicated | limited):
        return LabelStatus.NOT_MENTIONED
    if of_another_number(own, indicated | limited) or opposite(own, indicated):
        return LabelStatus.NOT_MENTIONED
    # "Chronic" of an illness that is approved when acute is no word to refer by, and none to answer by.
    judged = own or condition
    return LabelStatus.NOT_MENTIONED if len(judged & indicated) / len(judged) <= 0.34 else LabelStatus.UNSURE


def core_of(condition: Sequence[str]) -> tuple[str, ...]:
    """The words of an illness without how it runs: "recent myocardial infarction"; () where nothing else tells it."""
    kept = tuple(word for word in condition if word not in _QUALIFIERS and not word.isdigit())
    own = {stem(word) for word in kept} - OF_ANY_ILLNESS
    return kept if own - _PLACES else ()


def as_any_growth(name: str) -> Iterator[str]:
    """``name``, and the same with what labels write for a cancer: a carcinoma, a tumor."""
    spoken = name.split()
    written = [at for at, word in enumerate(spoken) if word.removesuffix("s") in _GROWTHS]
    yield name
    for other in _GROWTHS if written else ():
        yield " ".join(other if at in written else word for at, word in enumerate(spoken))


def is_done(condition: Sequence[str]) -> bool:
    """Whether ``condition`` is what is done to a patient: a procedure and no illness."""
    return bool(condition) and _DONE.fullmatch(condition[-1]) is not None


def no_illness(condition: Sequence[str], indicated: Iterable[str]) -> bool:
    """Whether ``condition`` is a laboratory measure, a procedure, or a fragment of a word that is ``indicated``."""
    if not condition or is_done(condition) or _MEASURED.issuperset(condition):
        return True
    word = condition[0]
    begun = len(condition) == 1 and len(word) >= _FRAGMENT
    return begun and any(term.startswith(word) and term != word for term in indicated)
