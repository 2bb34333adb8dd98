"""Reports as an E2B(R3)-shaped message: a skeleton for the safety department to complete, code and validate.

It is **not a submission**. Guarantees: well-formed XML in the shape of ICH E2B(R3) (HL7 v3, ISO/HL7 27953-2): one
MCCI_IN200100UV01 with a PORR_IN049016UV for each case; the reporter's words stand verbatim in H.1 and E.i.1.1a; what
was not said carries a nullFlavor, also where ICH allows none (a validator then asks for it); no medical coding,
seriousness, causality or country is made up. Refuses nothing: a case with nothing but words is a case.

Where the shape comes from, element by element, and what ICH will not accept unfinished: docs/adverse-events.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.trust.intake.batches import BatchHead
from assistant.trust.intake.e2b_clinical import assessment
from assistant.trust.intake.elements import agreed
from assistant.trust.intake.hl7 import (
    COMPONENT,
    CONTROL_ACT,
    COUNTRY,
    INSTANCE,
    OBSERVATION,
    SUBJECT,
    add,
    carried,
    coded,
    missing,
    path,
    root,
    say,
    written,
)
from assistant.trust.intake.moments import from_text, hl7_text

NOTICE = (
    "A skeleton made by Onlabel from words that were typed to it, for the safety department to complete, code and "
    "validate. It is not a submission. nullFlavor: the reporter did not say it, or Onlabel does not decide it."
)

Body = Mapping[str, Any]


def message(head: BatchHead, cases: Sequence[Body], sender: str = "") -> bytes:
    """The message of a batch.

    :param cases: records of schema onlabel.report/1.
    :param sender: the company, for C.1.1 and C.3.2; "" leaves it open.
    """
    document = root("MCCI_IN200100UV01")
    say(document, NOTICE)
    _header(document, "N.1.2", head.id, "3.22", head.created, "MCCI_IN200100UV01")
    say(document, "N.1.1 type of messages in batch: ichicsr")
    coded(document, "name", "1", "1.1")
    for body in cases:
        _case(document, head, body, sender)
    _parties(document, "N.1", "3.14", "3.13", sender)
    return written(document)


def _header(parent: Any, what: str, id: str, system: str, at: dt.datetime, interaction: str) -> None:
    say(parent, f"{what} identifier, then time of creation")
    add(parent, "id", extension=id, root=f"2.16.840.1.113883.3.989.2.1.{system}")
    add(parent, "creationTime", value=hl7_text(at))
    if interaction.startswith("MCCI"):
        add(parent, "responseModeCode", code="D")
    add(parent, "interactionId", root="2.16.840.1.113883.1.6", extension=interaction)


def _parties(parent: Any, what: str, receiver: str, from_: str, sender: str) -> None:
    """Receiver and sender of a wrapper: agreed between trading partners, so open until then."""
    for name, type, system, known in (("receiver", "RCV", receiver, ""), ("sender", "SND", from_, sender)):
        say(parent, f"{what} {name} identifier")
        device = path(parent, (name, {"typeCode": type}), ("device", {"classCode": "DEV", "determinerCode": INSTANCE}))
        id = add(device, "id", root=f"2.16.840.1.113883.3.989.2.1.{system}")
        id.set(*(("extension", carried(known)[0]) if known else ("nullFlavor", "NI")))


def _case(document: Any, head: BatchHead, body: Body, sender: str) -> None:
    case_id = f"{body['context']['market']}-{sender or 'ONLABEL'}-{body['id']}"
    case = add(document, "PORR_IN049016UV")
    _header(case, "N.2.r.1 (= C.1.1)", case_id, "3.1", head.created, "PORR_IN049016UV")
    for name, code in (("processingCode", "P"), ("processingModeCode", "T"), ("acceptAckCode", "AL")):
        add(case, name, code=code)
    _parties(case, "N.2.r", "3.12", "3.11", sender)
    act = add(case, "controlActProcess", **CONTROL_ACT)
    add(act, "code", code="PORR_TE049016UV", codeSystem="2.16.840.1.113883.1.18")
    say(act, "C.1.2 date of creation")
    add(act, "effectiveTime", value=hl7_text(head.created))
    event = path(act, ("subject", SUBJECT), ("investigationEvent", {"classCode": "INVSTG", "moodCode": "EVN"}))
    _identification(event, case_id, body)
    assessment(event, body)
    _administrative(event, body, sender)


def _identification(event: Any, case_id: str, body: Body) -> None:
    """C.1.1, C.1.8.1, H.1, C.1.4, C.1.5, in the order of the schema."""
    say(event, "C.1.1 sender's case safety report identifier, then C.1.8.1 worldwide unique case identification")
    for system in ("3.1", "3.2"):
        add(event, "id", root=f"2.16.840.1.113883.3.989.2.1.{system}", extension=case_id)
    add(event, "code", code="PAT_ADV_EVNT", codeSystem="2.16.840.1.113883.5.4")
    whole = carried(body["words"])[1]
    say(event, "H.1 case narrative: the reporter's words, verbatim")
    if not whole:
        say(event, "U+FFFD stands for characters that XML cannot carry; the words are exact in the JSON Lines export")
    add(event, "text", body["words"])
    add(event, "statusCode", code="active")
    aware = hl7_text(from_text(body["aware"]["local"]))
    say(event, "C.1.4 date report was first received, then C.1.5 date of the most recent information")
    add(add(event, "effectiveTime"), "low", value=aware)
    add(event, "availabilityTime", value=aware)


def _administrative(event: Any, body: Body, sender: str) -> None:
    """C.1.6.1, C.1.7, C.1.8.2, C.2.r, C.3, C.1.3, C.1.9.1, in the order of the schema."""
    for what, code, value in (
        ("C.1.6.1 additional documents: Onlabel holds none", "1", "false"),
        ("C.1.7 local criteria for an expedited report: for the safety department", "23", ""),
    ):
        say(event, what)
        observation = path(event, ("component", COMPONENT), ("observationEvent", OBSERVATION))
        coded(observation, "code", code, "1.19")
        if value:
            add(observation, "value", xsi_type="BL", value=value)
        else:
            missing(observation, "value", "NI", xsi_type="BL")
    say(event, "C.1.8.2 first sender of this case: 2 = other than a regulator")
    coded(_investigation(event, "1"), "code", "2", "1.3")
    _primary_source(event, body)
    _sender(event, sender)
    say(event, "C.1.3 type of report: 1 = spontaneous")
    coded(_characteristic(event, "1"), "value", "1", "1.2", xsi_type="CE")
    say(event, "C.1.9.1 other case identifiers in previous transmissions")
    missing(_characteristic(event, "2"), "value", "NI", xsi_type="BL")


def _investigation(event: Any, code: str, *, primary: bool = False) -> Any:
    relation = add(event, "outboundRelationship", typeCode="SPRT")
    if primary:
        add(relation, "priorityNumber", value="1")
    related = add(relation, "relatedInvestigation", classCode="INVSTG", moodCode="EVN")
    coded(related, "code", code, "1.22")
    return path(
        related,
        ("subjectOf2", SUBJECT),
        ("controlActEvent", CONTROL_ACT),
        ("author", {"typeCode": "AUT"}),
        ("assignedEntity", {"classCode": "ASSIGNED"}),
    )


def _characteristic(event: Any, code: str) -> Any:
    found = path(event, ("subjectOf2", SUBJECT), ("investigationCharacteristic", OBSERVATION))
    coded(found, "code", code, "1.23")
    return found


def _primary_source(event: Any, body: Body) -> None:
    """C.2.r: what the sign-on knows of the reporter is masked here and stands in the JSON Lines export."""
    element = body["elements"]["reporter"]
    held = any(f["what"] in ("sign-on", "name", "e-mail", "telephone") for f in element["found"])
    say(event, "C.2.r primary source; MSK: held by the sender, NASK: not asked; C.2.r.5: for regulatory purposes")
    person = path(
        _investigation(event, "2", primary=True),
        ("assignedPerson", {"classCode": "PSN", "determinerCode": INSTANCE}),
    )
    name = add(person, "name")
    for part in ("given", "family"):
        missing(name, part, "MSK" if held else "NASK")
    say(person, "C.2.r.4 qualification")
    qualified = add(person, "asQualifiedEntity", classCode="QUAL")
    qualification = agreed(element, "qualification")
    if qualification:
        coded(qualified, "code", qualification, "1.6")
    else:
        missing(qualified, "code", "UNK")
    say(person, f"C.2.r.3 country of the reporter: not said; the question was asked for {body['context']['market']}")
    country = path(
        person,
        ("asLocatedEntity", {"classCode": "LOCE"}),
        ("location", {"classCode": "COUNTRY", "determinerCode": INSTANCE}),
    )
    missing(country, "code", "UNK", codeSystem=COUNTRY)


def _sender(event: Any, sender: str) -> None:
    say(event, "C.3.1 sender type, then C.3.2 sender's organisation")
    entity = path(
        event,
        ("subjectOf1", SUBJECT),
        ("controlActEvent", CONTROL_ACT),
        ("author", {"typeCode": "AUT"}),
        ("assignedEntity", {"classCode": "ASSIGNED"}),
    )
    missing(entity, "code", "NI", codeSystem="2.16.840.1.113883.3.989.2.1.1.7")
    organization = {"classCode": "ORG", "determinerCode": INSTANCE}
    inner = path(
        entity,
        ("representedOrganization", organization),
        ("assignedEntity", {"classCode": "ASSIGNED"}),
        ("representedOrganization", organization),
    )
    add(inner, "name", sender) if sender else missing(inner, "name", "NI")
