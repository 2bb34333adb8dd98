"""Small pieces of HL7 v3 XML with lxml: elements, nullFlavors, observations, comments that name the ICH element.

Guarantees: what is made is well-formed whatever the words hold; a character that XML 1.0 cannot carry becomes U+FFFD,
and :func:`carried` says whether one did. Refuses nothing.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

HL7 = "urn:hl7-org:v3"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_TYPE = f"{{{XSI}}}type"

#: ICH code systems (root OID 2.16.840.1.113883.3.989.2.1.1 and .3).
ICH = "2.16.840.1.113883.3.989.2.1"
MEDDRA = "2.16.840.1.113883.6.163"
COUNTRY = "1.0.3166.1.2.2"
SEX = "1.0.5218"

INSTANCE = "INSTANCE"
OBSERVATION = {"classCode": "OBS", "moodCode": "EVN"}
CONTROL_ACT = {"classCode": "CACT", "moodCode": "EVN"}
SUBJECT = {"typeCode": "SUBJ"}
COMPONENT = {"typeCode": "COMP"}

#: Everything but the Char production of XML 1.0, section 2.2.
_UNCARRIED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def root(name: str) -> Any:
    """The document element, in HL7's namespace."""
    return etree.Element(f"{{{HL7}}}{name}", nsmap={None: HL7, "xsi": XSI}, ITSVersion="XML_1.0")


def add(parent: Any, name: str, text: str | None = None, **attributes: str) -> Any:
    """A child of ``parent``. ``xsi_type`` becomes ``xsi:type``."""
    child = etree.SubElement(parent, f"{{{HL7}}}{name}")
    type = attributes.pop("xsi_type", "")
    if type:
        child.set(_TYPE, type)
    for key, value in attributes.items():
        child.set(key, carried(value)[0])
    if text is not None:
        child.text = carried(text)[0]
    return child


def path(parent: Any, *steps: tuple[str, dict[str, str]]) -> Any:
    """One element within the other, the innermost of which is returned."""
    for name, attributes in steps:
        parent = add(parent, name, **attributes)
    return parent


def say(parent: Any, text: str) -> None:
    """A comment; ``text`` is ours, never the reporter's."""
    parent.append(etree.Comment(f" {text.replace('--', '- -')} "))


def coded(parent: Any, name: str, code: str, system: str, **attributes: str) -> Any:
    """An element with a code of the ICH code list ``system`` (e.g. ``1.19``)."""
    return add(parent, name, code=code, codeSystem=f"{ICH}.{system}", **attributes)


def missing(parent: Any, name: str, flavor: str, **attributes: str) -> Any:
    """An element whose value is missing, and why (HL7 v3 NullFlavor, 2.16.840.1.113883.5.1008)."""
    return add(parent, name, nullFlavor=flavor, **attributes)


def carried(text: str) -> tuple[str, bool]:
    """``text`` as XML can carry it, and whether that is all of it."""
    kept = _UNCARRIED.sub("\ufffd", text)
    return kept, kept == text


def written(document: Any) -> bytes:
    """The document as UTF-8, indented; text is never touched by it."""
    # pretty_print adds white space only between elements that hold no text.
    data: bytes = etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return data
