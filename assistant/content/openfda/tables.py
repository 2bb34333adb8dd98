"""Make passages of the fields of an openFDA record that hold the markup of tables (``*_table``).

Guarantees: each table with words in it becomes one passage in the form of docs/content-format.md, under its field's
heading, once, with the most specific of the fields that hold it; the field's text, which holds its words a second time,
flattened, stands before it. Markup that is no XML is read as HTML.

Refuses with :class:`ContentError`: markup of more than 64 MiB, document types and entities, and what the form of
tables cannot hold. Never opens a file or the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml import etree, html

from assistant.content.openfda.fields import NEVER_RETRIEVED, OWN_NUMBER, Field, heading_line
from assistant.content.openfda.file import MAX_BYTES
from assistant.content.sections import classify
from assistant.content.spl.text import HL7, read_blocks
from assistant.content.writing import PassageDraft
from assistant.errors import ContentError

#: HTML names of what SPL calls otherwise; openFDA mostly keeps SPL's own.
_SPL_NAMES = {
    "p": "paragraph", "div": "paragraph", "ul": "list", "ol": "list", "li": "item", "b": "content", "strong": "content",
    "i": "content", "em": "content", "u": "content", "span": "content", "a": "linkHtml", "linkhtml": "linkHtml",
    "rendermultimedia": "renderMultiMedia", "footnoteref": "footnoteRef",
}  # fmt: skip
_SPL_ATTRIBUTES = {"stylecode": "styleCode", "idref": "IDREF", "id": "ID", "referencedobject": "referencedObject"}


def owned(tables: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Each table once, with the most specific of the fields that hold it."""
    owner: dict[str, str] = {}
    for name, found in tables.items():
        for table in found:
            held = owner.get(table)
            if table.strip() and (held is None or Field(name, "", 0).rank > Field(held, "", 0).rank):
                owner[table] = name
    kept: dict[str, list[str]] = {}
    for table, name in owner.items():
        kept.setdefault(name, []).append(table)
    return kept


def table_passages(field: Field, root: Field, tables: list[str], *, otc: bool) -> Iterator[PassageDraft]:
    line = heading_line(root)
    patient = field.patient or root.patient
    own = OWN_NUMBER.match(field.text)
    number = own[1] if own else ""
    for table in tables:
        body = _table(table, field.name)
        if not body:
            continue
        text = f"## {line}\n\n{body}" if line else body
        first = body.split("\n", 1)[0]
        title = field.title if first.startswith("|") else first[:100]
        meaning = classify(
            loinc=field.loinc,
            number=number,
            title=field.title,
            path=(line, field.title),
            text=text,
            patient=patient,
            otc=otc,
        )
        serves = ("indication",) if field.name == "indications_and_usage" else ()
        yield PassageDraft(
            text=text, topic=meaning.topic, locator=number or field.title, title=title, also=meaning.also,
            population=meaning.population, serves=serves, loinc=field.loinc,
            audiences=() if otc else ("patient",) if patient else ("hcp",),
            retrieve=meaning.retrieve and field.name not in NEVER_RETRIEVED,
        )  # fmt: skip


def _table(markup: str, name: str) -> str:
    """The markup of a table in the form of docs/content-format.md."""
    if len(markup) > MAX_BYTES or re.search(r"<!(DOCTYPE|ENTITY)", markup, re.IGNORECASE):
        raise ContentError(f"field {name[:60]}_table is too long or declares a document type")
    wrapped = f"<text>{markup}</text>"
    strict = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        tree = etree.fromstring(wrapped, strict)
    except etree.XMLSyntaxError:
        lenient = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
        tree = html.fragment_fromstring(markup.encode(), create_parent="text", parser=lenient)
    try:
        return "\n\n".join(block.text for block in read_blocks(_as_spl(tree), {}))
    except ContentError as error:
        raise ContentError(f"field {name[:60]}_table: {error.message}") from error


def _as_spl(tree: etree._Element) -> etree._Element:
    """The same tree in SPL's names."""
    name = str(tree.tag)
    copy = etree.Element(f"{HL7}{_SPL_NAMES.get(name, name)}")
    for key, value in tree.items():
        copy.set(_SPL_ATTRIBUTES.get(key.lower(), key), value)
    if name in ("b", "strong"):
        copy.set("styleCode", "bold")
    if name == "ol":
        copy.set("listType", "ordered")
    copy.text, copy.tail = tree.text, tree.tail
    for child in tree:
        if isinstance(child.tag, str):
            copy.append(_as_spl(child))
    return copy
