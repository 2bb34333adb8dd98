"""Questions to be labelled as Label Studio takes them: tasks with our own reading as pre-annotation, and the labels.

Guarantees: a task holds the question without the product's name, why it is worth a label, and nothing of its asker;
the labelling configuration offers exactly the labels that :mod:`assistant.insights.labelled` takes back. Offsets of
spans are characters (Unicode code points), as Label Studio counts them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from assistant.content.lexicon import PLACEHOLDER
from assistant.domain import INTENTS, SLOT_VALUES, Flag
from assistant.insights.lines import Line
from assistant.insights.meaning import product_marked
from assistant.training.data_audit.lines import SPAN_TYPES, STYLES
from assistant.training.dataset import PRODUCT_MARK

#: Names of what is labelled, in configuration, pre-annotations and annotations alike.
TEXT, INTENT, ALSO, FLAGS, SPANS, STYLE = "text", "intent", "also", "flags", "spans", "style"
#: Of spans, a colour a type that the colour-blind can tell apart (Okabe and Ito 2008).
_COLOURS = ("#0072B2", "#E69F00", "#D55E00", "#009E73")
_SEVERAL = {"choice": "multiple", "layout": "inline"}


def tasks(lines: tuple[Line, ...], model: str) -> list[dict[str, Any]]:
    """The tasks in their order; ``model`` is the fingerprint of what read them."""
    return [_task(line, model) for line in lines]


def _task(line: Line, model: str) -> dict[str, Any]:
    return {
        "data": {
            TEXT: line.text,
            "why": line.why,
            "asked": line.times,
            "outcome": line.asked.outcome,
            "record": line.asked.number,
            "family": line.family,
        },
        "predictions": [
            {"model_version": model, "score": round(line.reading.intents[0][1], 4), "result": _results(line)}
        ],
    }


def _results(line: Line) -> list[dict[str, Any]]:
    reading = line.reading
    found = [_choices(INTENT, [reading.intents[0][0]])]
    if reading.population:
        found.append(_choices("population", list(reading.population)))
    return found + _spans(line)


def _choices(name: str, chosen: list[str]) -> dict[str, Any]:
    return {"id": name, "from_name": name, "to_name": TEXT, "type": "choices", "value": {"choices": chosen}}


def _spans(line: Line) -> list[dict[str, Any]]:
    found = []
    typed = line.reading.typed
    for number, (start, end, name) in enumerate(line.reading.typed_spans(*SPAN_TYPES)):
        first, behind = _moved(typed, start), _moved(typed, end)
        words = product_marked(typed[start:end], PRODUCT_MARK)
        if line.text[first:behind] != words:
            continue  # it begins or ends within the product's name
        value = {"start": first, "end": behind, "text": words, "labels": [name]}
        found.append({"id": f"{SPANS}-{number}", "from_name": SPANS, "to_name": TEXT, "type": "labels", "value": value})
    return found


def _moved(typed: str, at: int) -> int:
    """The place in the text with the product's mark that is ``at`` in the text as it was typed, its name masked."""
    before = typed[:at]
    return at + (len(PRODUCT_MARK) - len(PLACEHOLDER)) * before.count(PLACEHOLDER)


def labelling(intents: Mapping[str, str]) -> str:
    """The labelling configuration; ``intents`` are their names with the words on a button."""
    ordered = {name: intents[name] for name in (*INTENTS, *sorted(set(intents) - set(INTENTS))) if name in intents}
    view = ElementTree.Element("View")
    _add(view, "Header", value="$why", size="6")
    marks = _add(view, "Labels", name=SPANS, toName=TEXT)
    for name, colour in zip(sorted(SPAN_TYPES), _COLOURS, strict=True):
        _add(marks, "Label", value=name, background=colour)
    _add(view, "Text", name=TEXT, value=f"${TEXT}", granularity="word")
    _menu(view, INTENT, "What is asked", ordered, choice="single", required="true", layout="select")
    _menu(view, ALSO, "What else is asked, if anything", ordered, choice="single", layout="select")
    for slot, values in SLOT_VALUES.items():
        _menu(view, slot, f"{slot.capitalize()}, where the text says so", dict.fromkeys(values, ""), **_SEVERAL)
    _menu(view, FLAGS, "Flags", dict.fromkeys((flag.value for flag in Flag), ""), **_SEVERAL)
    _menu(view, STYLE, "Style", dict.fromkeys(sorted(STYLES), ""), choice="single", layout="inline")
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def _menu(view: ElementTree.Element, name: str, title: str, values: Mapping[str, str], **how: str) -> None:
    _add(view, "Header", value=title, size="5")
    menu = _add(view, "Choices", name=name, toName=TEXT, **how)
    for value, label in values.items():
        _add(menu, "Choice", value=value, **({"hint": label} if label else {}))


def _add(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, attributes)
