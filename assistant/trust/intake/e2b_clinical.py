"""What a case says of patient, events and medicines: sections D, E.i and G.k of E2B(R3).

Guarantees: only what the words give outright, and in one way, is filled in. Refuses nothing: a case without an event or
a product has one whose words are missing, so that the message keeps its shape.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from assistant.trust.intake.elements import Status, agreed
from assistant.trust.intake.hl7 import (
    COMPONENT,
    INSTANCE,
    MEDDRA,
    OBSERVATION,
    SEX,
    SUBJECT,
    add,
    coded,
    missing,
    path,
    say,
)

#: Longest E.i.1.1a and G.k.2.2 (ICH E2B(R3) IG); longer ones stand in H.1 alone, never cut.
_LONGEST = 250
#: ISO 639-2 codes of the languages that releases serve.
_LANGUAGES = {"en": "eng", "de": "deu", "fr": "fra", "es": "spa", "it": "ita", "nl": "nld", "pt": "por", "ja": "jpn"}
#: Observation codes (code list 1.19) of E.i.3.2a to f.
_SERIOUSNESS = (
    ("E.i.3.2a results in death", "34"),
    ("E.i.3.2b life threatening", "21"),
    ("E.i.3.2c hospitalisation", "33"),
    ("E.i.3.2d disabling", "35"),
    ("E.i.3.2e congenital anomaly", "12"),
    ("E.i.3.2f other medically important condition", "26"),
)
#: Names the UUIDs by which a case's reactions and drugs refer to each other: the same for the same report.
_NAMESPACE = uuid.UUID("6f6e6c61-6265-6c2e-9a7e-696e74616b65")

Body = Mapping[str, Any]


def assessment(event: Any, body: Body) -> None:
    """D, E.i, G.k."""
    inside = path(
        event, ("component", COMPONENT), ("adverseEventAssessment", {"classCode": "INVSTG", "moodCode": "EVN"})
    )
    patient = path(inside, ("subject1", {"typeCode": "SBJ"}), ("primaryRole", {"classCode": "INVSBJ"}))
    _patient(patient, body["elements"]["patient"])
    for number, words in enumerate(_reactions(body)):
        _reaction(patient, _reference(body, "reaction", number), words, body["context"]["language"])
    drugs = [(_reference(body, "drug", number), drug) for number, drug in enumerate(_drugs(body))]
    organizer = path(
        patient, ("subjectOf2", {"typeCode": "SBJ"}), ("organizer", {"classCode": "CATEGORY", "moodCode": "EVN"})
    )
    coded(organizer, "code", "4", "1.20")
    for reference, drug in drugs:
        _drug(organizer, reference, *drug)
    for reference, _ in drugs:
        _role(inside, reference)


def _patient(role: Any, element: Mapping[str, Any]) -> None:
    player = add(role, "player1", classCode="PSN", determinerCode=INSTANCE)
    say(player, "D.1 patient (name or initials); NASK: not asked")
    initials = _agreed_words(element, "initials")
    add(player, "name", initials) if initials else missing(player, "name", "NASK")
    say(player, "D.5 sex")
    sex = {"male": "1", "female": "2"}.get(agreed(element, "sex"))
    if sex:
        add(player, "administrativeGenderCode", code=sex, codeSystem=SEX)
    else:
        missing(player, "administrativeGenderCode", "NASK")
    say(role, "D.2.2 age at onset, as said when it was reported")
    observation = path(role, ("subjectOf2", {"typeCode": "SBJ"}), ("observation", OBSERVATION))
    coded(observation, "code", "3", "1.19")
    number, _, unit = agreed(element, "age").partition(" ")
    if number:
        add(observation, "value", xsi_type="PQ", value=number, unit=unit)
    else:
        missing(observation, "value", "NASK", xsi_type="PQ")


def _agreed_words(element: Mapping[str, Any], what: str) -> str:
    """The words that all given finds agree on; "" where there are none or several."""
    given = {f["words"] for f in element["found"] if f["what"] == what and f["status"] == Status.GIVEN}
    return str(given.pop()) if len(given) == 1 else ""


def _reactions(body: Body) -> list[str]:
    """The words of the events; one reaction without words where none are marked."""
    words = [f["words"] for f in body["elements"]["event"]["found"] if f["what"] == "event" and f["words"]]
    return words or [""]


def _reaction(role: Any, reference: str, words: str, language: str) -> None:
    say(role, "E.i reaction / event")
    event = path(role, ("subjectOf2", {"typeCode": "SBJ"}), ("observation", OBSERVATION))
    add(event, "id", root=reference)
    coded(event, "code", "29", "1.19")
    missing(add(event, "effectiveTime", xsi_type="IVL_TS"), "low", "NASK")
    say(event, "E.i.2.1 MedDRA: for the safety department; E.i.1.1a as reported by the primary source")
    value = missing(event, "value", "NI", xsi_type="CE", codeSystem=MEDDRA)
    if words and len(words) <= _LONGEST:
        add(value, "originalText", words, language=_LANGUAGES.get(language, "und"))
    else:
        missing(value, "originalText", "NI")
        say(value, "the words are in H.1")
    for what, code in _SERIOUSNESS:
        say(event, what)
        missing(_finding(event, code), "value", "NI", xsi_type="BL")
    say(event, "E.i.7 outcome: 0 = unknown")
    coded(_finding(event, "27"), "value", "0", "1.11", xsi_type="CE")


def _finding(event: Any, code: str) -> Any:
    observation = path(event, ("outboundRelationship2", {"typeCode": "PERT"}), ("observation", OBSERVATION))
    coded(observation, "code", code, "1.19")
    return observation


def _drugs(body: Body) -> list[tuple[str, str]]:
    """(name as written, product id) of every product found; one without a name where there is none."""
    found = body["elements"]["product"]["found"]
    named = [(f["words"], f["value"]) for f in found if f["what"] == "product"]
    return list(dict.fromkeys(named)) or [("", "")]


def _drug(organizer: Any, reference: str, name: str, product: str) -> None:
    use = path(
        organizer, ("component", COMPONENT), ("substanceAdministration", {"classCode": "SBADM", "moodCode": "EVN"})
    )
    add(use, "id", root=reference)
    kind = path(
        use,
        ("consumable", {"typeCode": "CSM"}),
        ("instanceOfKind", {"classCode": "INST"}),
        ("kindOfProduct", {"classCode": "MMAT", "determinerCode": "KIND"}),
    )
    say(kind, "G.k.2.2 medicinal product name as reported by the primary source")
    if name and len(name) <= _LONGEST:
        add(kind, "name", name)
    else:
        missing(kind, "name", "UNK")
        if product:
            say(kind, f"Onlabel took it to be about its product {product}")


def _role(parent: Any, reference: str) -> None:
    say(parent, "G.k.1 characterisation of drug role: 1 = suspect")
    role = path(parent, ("component", COMPONENT), ("causalityAssessment", OBSERVATION))
    coded(role, "code", "20", "1.19")
    coded(role, "value", "1", "1.13", xsi_type="CE")
    use = path(role, ("subject2", SUBJECT), ("productUseReference", {"classCode": "SBADM", "moodCode": "EVN"}))
    add(use, "id", root=reference)


def _reference(body: Body, what: str, number: int) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{body['id']}/{what}/{number}"))
