"""``check`` finds every fault where it stands: a tiny workspace without fault, and each fault planted into it.

Each test changes the sound workspace in one place and expects file, line, severity and a message that says what to do.
A planted fault may have consequences (an expired document leaves topics unanswered): these are other tests' business.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.rendering import Renderer
from assistant.content.check_reach import Place
from assistant.content.check_templates import chosen
from assistant.content.checks import check
from assistant.content.corpus import Corpus, SourcedPassage, read_corpus
from assistant.content.faults import Fault
from assistant.content.frontmatter import read_utf8
from assistant.content.policy import parse_policy
from assistant.content.templates import Template, read_templates
from assistant.domain import CHANNELS, NOTICE_ROLES, Context, Scope
from assistant.workspace import sample_root

TODAY = dt.date(2026, 11, 21)
TOPICS = ("indication", "dosage", "warnings")
INTENTS = (*TOPICS, "small_talk")

#: Thresholds and weights are the sample's: nothing here depends on them.
NUMBERS = "".join(
    re.findall(
        r"^(?:thresholds|ranking|confidence):\n(?:  .*\n)+",
        read_utf8(sample_root() / "approved_corpus" / "policy.yaml").decode(),
        re.MULTILINE,
    )
)
POLICY = """\
version: "1"
companions:
  benefit:
    - {role: boxed_warning, place: before, need: where_present}
    - {role: indication, place: after, need: always}
    - {role: full_prescribing_information, place: after, need: always}
  safety: []
  instruction:
    - {role: boxed_warning_short, instead: boxed_warning, place: after, need: where_present}
  neutral: []
not_answered:
  patient:
    - indication
passages_shown: 3
choices_offered: 4
NUMBERS
forbidden_in_templates: ['[0-9]', '(?i)\\b(safe|effective)\\b']
""".replace("NUMBERS\n", NUMBERS)
DOCUMENT = """\
id: {id}
version: "1"
title: {title}
type: {type}
product: "{product}"
{names}audiences: [hcp]
markets: [US]
language: en
effective: 2026-01-15
"""
ZED = {"id": "zed-pi", "title": "ZED prescribing information", "type": "label", "product": "zed"}
NOTICES = {"id": "notices", "title": "Notices", "type": "notices", "product": "", "names": ""}
PASSAGE = """\
---
id: zed-pi.{name}
topic: {name}
locator: "{locator}"
title: {title}
order: {order}{more}
---
## {title}

{text}
"""
TEMPLATE = """\
---
id: {use}
version: "1"
use: {use}
audiences: [hcp]
markets: [US]
language: en
effective: 2026-01-15
---
{body}
"""
BODIES = {
    "answer": "From the label:\n{% for p in answers %}{{ p }}{% endfor %}",
    "companion_before": "{{ passage }}",
    "companion_after": "{{ passage }}",
    "notice": "{{ passage }}",
}
#: Places in the workspace that tests change.
DOSAGE, WARNINGS = "approved_corpus/zed-pi/dosage.md", "approved_corpus/zed-pi/warnings.md"
PI, CLARIFY = "approved_corpus/zed-pi/document.yaml", "approved_corpus/notices/outcome.clarify.md"
ANSWER, POLICY_FILE = "templates/answer.j2", "approved_corpus/policy.yaml"


@dataclass(frozen=True)
class Workspace:
    """A workspace folder to plant faults in."""

    root: Path

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def read(self, name: str) -> str:
        return (self.root / name).read_bytes().decode()

    def plant(self, name: str, old: str, new: str) -> None:
        """Replace ``old``, which must stand in the file once."""
        text = self.read(name)
        assert text.count(old) == 1
        self.write(name, text.replace(old, new))

    def set(self, name: str, line: str) -> None:
        """Put ``line`` first into a file's front matter (a document's: into the file)."""
        text = self.read(name)
        self.write(name, f"---\n{line}\n{text[4:]}" if text.startswith("---\n") else f"{line}\n{text}")

    def copy(self, name: str, to: str, *changes: tuple[str, str]) -> None:
        self.write(to, self.read(name))
        for old, new in changes:
            self.plant(to, old, new)

    def corpus(self) -> Corpus:
        return read_corpus(self.root / "approved_corpus")

    def faults(self, examples: tuple[str, ...] = INTENTS, corpus: Corpus | None = None) -> tuple[Fault, ...]:
        templates, refused = read_templates(self.root / "templates")
        policy_file = self.root / POLICY_FILE
        policy, _ = parse_policy(policy_file.read_bytes(), policy_file)
        return check(
            corpus or self.corpus(),
            templates,
            refused,
            policy,
            policy_file,
            policy_file.read_bytes(),
            topics=TOPICS,
            intents=INTENTS,
            examples=dict.fromkeys(examples, ("what about it?",)),
            taxonomy_file=self.root / "approved_corpus/taxonomy.yaml",
            today=TODAY,
        )

    def expect(self, name: str, at: str | int, *words: str, error: bool) -> Fault:
        """The one fault in file ``name`` whose message holds ``words``; it stands at the line holding ``at``."""
        faults = self.faults()
        found = [f for f in faults if f.path == self.root / name and all(word in f.message for word in words)]
        shown = "\n".join(fault.show(self.root) for fault in faults)
        assert len(found) == 1, f"{len(found)} found among:\n{shown}"
        line = at if isinstance(at, int) else self.line(name, at)
        assert (found[0].line, found[0].error) == (line, error), shown
        return found[0]

    def line(self, name: str, text: str) -> int:
        lines = self.read(name).split("\n")
        (number,) = (number for number, line in enumerate(lines, start=1) if text in line)
        return number


@pytest.fixture
def sound(tmp_path: Path) -> Workspace:
    """A tiny workspace without any fault."""
    made = Workspace(tmp_path)
    made.write(POLICY_FILE, POLICY)
    made.write(PI, DOCUMENT.format(**ZED, names="brand_names: [ZED]\ngeneric_names: [zedamine]\n"))
    for order, (name, more) in enumerate((("indication", "\nserves: [indication]"), ("dosage", ""), ("warnings", ""))):
        text = f"Approved words on {name}, 5 μg/L.\n\n| a | b |\n|---|---|\n| c[^1] ||\n\n[^1]: note\n\n![p](a b.jpg)"
        passage = PASSAGE.format(name=name, locator=order + 1, title=name.upper(), order=order, more=more, text=text)
        made.write(f"approved_corpus/zed-pi/{name}.md", passage)
    made.write("approved_corpus/notices/document.yaml", DOCUMENT.format(**NOTICES))
    others = ", ".join((*NOTICE_ROLES, "full_prescribing_information")).replace("outcome.clarify, ", "")
    for name, roles in (("outcome.clarify", "outcome.clarify"), ("others", others)):
        front = f"id: notices.{name}\ntopic: indication\nkind: notice\nlocator: {name}\ntitle: {name}\n"
        notice = f"---\n{front}serves: [{roles}]\nretrieve: false\n---\nThe notice {name}.\n"
        made.write(f"approved_corpus/notices/{name}.md", notice)
    for use, body in BODIES.items():
        made.write(f"templates/{use}.j2", TEMPLATE.format(use=use, body=body))
    return made


def test_a_sound_workspace_has_no_fault(sound: Workspace) -> None:
    assert [fault.show(sound.root) for fault in sound.faults()] == []


def test_faults_come_by_file_and_line_and_include_what_reading_found(sound: Workspace) -> None:
    sound.set(DOSAGE, "colour: red")
    sound.plant(WARNINGS, "topic: warnings", "topic: warnin")
    sound.set(WARNINGS, "kind: safety")
    sound.plant("templates/notice.j2", "{{ passage }}", "{{ passage|upper }}")
    faults = sound.faults()
    assert list(faults) == sorted(faults)
    sound.expect(DOSAGE, "colour", "colour", error=True)
    sound.expect("templates/notice.j2", "upper", "prints only passages", error=True)
    sound.expect(WARNINGS, "topic:", "'warnin'", "did you mean warnings?", error=True)


# --- ids --------------------------------------------------------------------------------------------------------------


def test_a_passage_id_given_twice_names_the_other_file(sound: Workspace) -> None:
    sound.plant(WARNINGS, "id: zed-pi.warnings", "id: zed-pi.dosage")
    sound.expect(WARNINGS, "id: zed-pi", "'zed-pi.dosage'", "zed-pi/dosage.md", "give one of them another", error=True)


def test_a_document_id_given_twice(sound: Workspace) -> None:
    corpus = sound.corpus()
    twin = corpus.documents[1]
    other = sound.root / "approved_corpus/zzz/document.yaml"
    moved = replace(twin, origin=replace(twin.origin, path=other))
    faults = sound.faults(corpus=replace(corpus, documents=(*corpus.documents, moved)))
    assert [(f.path, f.line) for f in faults if "document id 'zed-pi' is also" in f.message] == [(other, 1)]


def test_a_template_id_given_twice(sound: Workspace) -> None:
    sound.copy(ANSWER, "templates/second.j2")
    sound.expect("templates/second.j2", "id: answer", "also the id in templates/answer.j2", error=True)


# --- topics -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("planted", "advice"), [("dosages", "did you mean dosage?"), ("zzz", "add it to taxonomy.yaml")]
)
def test_an_unknown_further_topic(sound: Workspace, planted: str, advice: str) -> None:
    sound.set(DOSAGE, f"also: [{planted}]")
    sound.expect(DOSAGE, "also:", f"unknown topic {planted!r}", advice, error=True)


def test_a_topic_without_example_questions_is_noted_once(sound: Workspace) -> None:
    sound.copy(DOSAGE, "approved_corpus/zed-pi/z.md", ("id: zed-pi.dosage", "id: zed-pi.z"), ("words on", "words of"))
    (fault,) = sound.faults(examples=("indication", "warnings"))
    assert (fault.path, fault.line, fault.error) == (sound.root / DOSAGE, 3, False)
    assert "topic dosage has no example question" in fault.message
    assert "taxonomy.yaml" in fault.message


def test_topics_that_nobody_can_answer_come_in_one_note(sound: Workspace) -> None:
    sound.set(DOSAGE, "retrieve: false")
    sound.set(WARNINGS, "effective: 2027-01-01")
    sound.expect(PI, "audiences", "zed answers hcp in US today about dosage, warnings", "not_answered", error=False)


def test_what_policy_does_not_answer_and_a_box_that_does_not_exist_are_no_gap(sound: Workspace) -> None:
    for name in ("approved_corpus/notices/document.yaml", PI, *(f"templates/{use}.j2" for use in BODIES)):
        sound.plant(name, "audiences: [hcp]", "audiences: [patient]")
    sound.set("approved_corpus/zed-pi/indication.md", "retrieve: false")
    assert sound.faults() == ()


# --- companions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("companion", "setting", "words"),
    [
        ("zed-pi.dosage", "", "its own companion: remove it"),
        ("zed-pi.warning", "", "no such passage: did you mean zed-pi.warnings"),
        ("nothing-like-it", "", "no such passage: name one that exists"),
        ("zed-pi.warnings", "audiences: [patient]", "is not for hcp"),
        ("zed-pi.warnings", "markets: [GB, FR]", "is not for US"),
        ("zed-pi.warnings", "language: fr", "is not for en"),
        ("zed-pi.warnings", "channels: [cli, api]", "is not for widget, mcp"),
        ("zed-pi.warnings", "expires: 2027-05-01", "ends on 2027-05-01"),
        ("zed-pi.warnings", "withdrawn: 2026-11-01", "ends on 2026-11-01"),
        ("zed-pi.warnings", "effective: 2027-05-01", "begins on 2027-05-01"),
    ],
)
def test_a_companion_that_cannot_go_with_the_passage(
    sound: Workspace, companion: str, setting: str, words: str
) -> None:
    sound.set(DOSAGE, f"companions: [{companion}]")
    if setting:
        sound.set(WARNINGS, setting)
    sound.expect(DOSAGE, "companions", f"companion {companion}", words, error=True)


def test_a_companion_of_another_product(sound: Workspace) -> None:
    second_product(sound)
    sound.set(DOSAGE, "companions: [why-pi.dosage]")
    sound.expect(DOSAGE, "companions", "belongs to why", error=True)


def test_passages_may_name_each_other_and_end_together(sound: Workspace) -> None:
    sound.set(DOSAGE, "companions: [zed-pi.warnings, notices.outcome.clarify]")
    sound.set(WARNINGS, "companions: [zed-pi.dosage]")
    assert sound.faults() == ()


def test_a_passage_that_has_ended_asks_nothing_of_its_companion(sound: Workspace) -> None:
    more = "companions: [zed-pi.warnings]\nexpires: 2026-11-01"
    front = (("id: zed-pi.dosage", f"id: zed-pi.old\n{more}"), ("words on", "older words on"))
    sound.copy(DOSAGE, "approved_corpus/zed-pi/old.md", *front)
    sound.set(WARNINGS, "effective: 2026-11-10")
    assert sound.faults() == ()


def test_a_kind_whose_companion_nobody_has(sound: Workspace) -> None:
    sound.plant("approved_corpus/zed-pi/indication.md", "\nserves: [indication]", "")
    sound.expect(PI, "audiences", "no answer of kind benefit on zed", "hcp in US", "serves indication", error=False)


def test_a_kind_whose_companion_is_not_in_force(sound: Workspace) -> None:
    sound.set(WARNINGS, "serves: [boxed_warning]\nwithdrawn: 2026-11-01")
    sound.expect(PI, "audiences", "kind benefit, instruction", "zed-pi.warnings", "not in force", error=False)


def test_a_companion_of_all_products_will_do(sound: Workspace) -> None:
    sound.plant("approved_corpus/zed-pi/indication.md", "\nserves: [indication]", "")
    sound.plant(CLARIFY, "serves: [outcome.clarify]", "serves: [outcome.clarify, indication]")
    assert sound.faults() == ()


# --- dates ------------------------------------------------------------------------------------------------------------


def test_withdrawn_before_it_was_in_force(sound: Workspace) -> None:
    sound.set(DOSAGE, "withdrawn: 2026-01-15")
    sound.expect(DOSAGE, "withdrawn", "never in force", error=False)


def test_a_document_that_expired(sound: Workspace) -> None:
    sound.set(PI, "expires: 2026-11-21")
    sound.expect(PI, "expires", "whole document expired", "next version", error=False)


def test_a_document_without_passages(sound: Workspace) -> None:
    sound.write("approved_corpus/empty/document.yaml", DOCUMENT.format(**NOTICES | {"id": "empty"}))
    sound.expect("approved_corpus/empty/document.yaml", 1, "holds no passage", error=False)


def test_a_boxed_warning_that_is_its_title_alone(sound: Workspace) -> None:
    sound.set(WARNINGS, "serves: [boxed_warning]")
    sound.write(
        WARNINGS, sound.read(WARNINGS).split("Approved words")[0] + "**WARNING: BLEEDING** Bleeds may be fatal.\n"
    )
    assert not any("sentence" in fault.message for fault in sound.faults())
    sound.plant(WARNINGS, " Bleeds may be fatal.", "")
    sound.expect(WARNINGS, "serves", "holds no sentence", error=False)


# --- notices ----------------------------------------------------------------------------------------------------------


def test_a_notice_that_serves_nothing(sound: Workspace) -> None:
    sound.copy(CLARIFY, "approved_corpus/notices/z.md", ("serves: [outcome.clarify]\n", ""), ("id: n", "id: other-n"))
    sound.expect("approved_corpus/notices/z.md", "kind", "serves nothing", "say in serves", error=True)


def test_a_notice_role_of_another_kind(sound: Workspace) -> None:
    sound.plant(CLARIFY, "kind: notice", "kind: neutral")
    sound.expect(CLARIFY, "serves", "write kind: notice", error=True)


def test_a_notice_in_a_products_document(sound: Workspace) -> None:
    changes = (("id: notices.outcome.clarify", "id: zed-pi.n"), ("The notice", "Another notice"))
    sound.copy(CLARIFY, "approved_corpus/zed-pi/n.md", *changes)
    sound.expect("approved_corpus/zed-pi/n.md", "serves", 'move it to a document with product ""', error=True)


def test_a_notice_that_is_missing(sound: Workspace) -> None:
    (sound.root / CLARIFY).unlink()
    found = sound.expect("approved_corpus/notices/document.yaml", "audiences", "outcome.clarify", error=True)
    assert "hcp in US (en)" in found.message
    assert "outcome.emergency" not in found.message


def test_a_notice_that_is_not_in_force(sound: Workspace) -> None:
    sound.set(CLARIFY, "expires: 2026-11-21")
    words = ("notices.outcome.clarify is not in force on 2026-11-21",)
    sound.expect("approved_corpus/notices/document.yaml", "audiences", *words, error=True)


def test_a_market_without_notices_is_told_where_a_product_speaks_there(sound: Workspace) -> None:
    sound.plant(PI, "markets: [US]", "markets: [US, FR]")
    found = sound.expect(PI, "audiences", "hcp in FR (en)", "nothing can be said", error=True)
    assert all(role in found.message for role in NOTICE_ROLES)


def test_a_notice_for_some_channels_only(sound: Workspace) -> None:
    sound.set(CLARIFY, "channels: [cli, api]")
    place = "hcp in US (en) by widget, mcp without"
    sound.expect("approved_corpus/notices/document.yaml", "audiences", place, "outcome.clarify", error=True)


# --- templates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("use", ["companion_before", "companion_after", "notice"])
def test_a_use_without_template(sound: Workspace, use: str) -> None:
    (sound.root / f"templates/{use}.j2").unlink()
    sound.expect("templates", 1, f"no template of use {use}", "hcp in US", "add one", error=True)


def test_topics_without_answer_template(sound: Workspace) -> None:
    sound.set(ANSWER, "intents: [dosage]")
    sound.expect("templates", 1, "use answer", "for indication, warnings", error=True)


def test_a_template_that_is_not_in_force_is_none(sound: Workspace) -> None:
    sound.set("templates/notice.j2", "expires: 2026-11-21")
    sound.expect("templates", 1, "no template of use notice", error=True)
    sound.expect("templates/notice.j2", "expires", "never used", "expired on 2026-11-21", error=False)


def test_a_template_that_another_always_beats(sound: Workspace) -> None:
    sound.copy(ANSWER, "templates/b.j2", ("id: answer", "id: answer-b"))
    sound.expect("templates/b.j2", "id:", "never used", "answer is chosen before it", error=False)


def test_a_template_that_is_used_later_is_used(sound: Workspace) -> None:
    sound.copy(ANSWER, "templates/b.j2", ("id: answer", "id: answer-b"))
    sound.set(ANSWER, "expires: 2027-01-01")
    assert sound.faults() == ()


def test_a_template_for_nobody(sound: Workspace) -> None:
    changes = (("id: answer", "id: french"), ("markets: [US]", "markets: [FR]"))
    sound.copy(ANSWER, "templates/french.j2", *changes)
    sound.expect("templates/french.j2", "audiences", "never used", "no passage can be shown", error=False)


def test_a_template_with_an_unknown_intent(sound: Workspace) -> None:
    sound.set(ANSWER, "intents: [indication, warnings, dosge]")
    sound.expect(ANSWER, "intents", "unknown intent 'dosge'", "did you mean dosage?", error=True)


def test_intents_of_a_template_that_is_no_answer(sound: Workspace) -> None:
    sound.set("templates/notice.j2", "intents: [dosage]")
    sound.expect("templates/notice.j2", "intents", "use notice", "remove intents", error=True)


@pytest.mark.parametrize(
    ("literal", "words"),
    [
        ("It is safe:", "'safe'"),
        ("In section 7:", "'7'"),
        ("About Zed®:", "names zed ('zed')"),
        ("About zedamine:", "names zed ('zedamine')"),
    ],
)
def test_literal_text_that_claims_or_names(sound: Workspace, literal: str, words: str) -> None:
    sound.plant(ANSWER, "{{ p }}", "{% if loop.first %}\n\nfirst\n" + literal + "\n{% endif %}{{ p }}")
    sound.expect(ANSWER, literal, words, error=True)


@given(st.data())
def test_the_template_chosen_is_the_one_that_rendering_chooses(data: st.DataObject) -> None:
    def template(number: int) -> Template:
        intents = data.draw(st.lists(st.sampled_from(TOPICS), max_size=2))
        markets = data.draw(st.lists(st.sampled_from(["US", "GB"]), min_size=1, max_size=2))
        scope = Scope(("hcp",), tuple(markets), "en", CHANNELS, data.draw(st.dates(TODAY, TODAY + dt.timedelta(2))))
        use = data.draw(st.sampled_from(["answer", "notice"]))
        return Template(f"t{number}", "1", use, tuple(intents), scope, "", ())

    made = [template(number) for number in range(data.draw(st.integers(0, 6)))]
    place = Place("hcp", "US", "en", CHANNELS, TODAY + dt.timedelta(1))
    for intent in TOPICS:
        context = Context("hcp", "US", "en", "cli", place.day)
        assert chosen(made, "answer", intent, place, place.day) is Renderer(made).choose("answer", intent, context)


# --- policy, products, twins ------------------------------------------------------------------------------------------


def test_an_unknown_intent_in_policy(sound: Workspace) -> None:
    sound.plant(POLICY_FILE, "    - indication", "    - indication\n    - small_tlk")
    sound.expect(POLICY_FILE, "small_tlk", "unknown intent 'small_tlk'", "did you mean small_talk?", error=True)


def second_product(sound: Workspace, brand: str = "WHY") -> None:
    """A second product with the passages of the first."""
    fields = ZED | {"id": "why-pi", "product": "why", "names": f"brand_names: [{brand}]\n"}
    sound.write("approved_corpus/why-pi/document.yaml", DOCUMENT.format(**fields))
    for topic in TOPICS:
        text = sound.read(f"approved_corpus/zed-pi/{topic}.md").replace("id: zed-pi", "id: why-pi")
        sound.write(f"approved_corpus/why-pi/{topic}.md", text)


def test_two_products_share_words_but_not_a_brand(sound: Workspace) -> None:
    second_product(sound)
    assert sound.faults() == ()


def test_two_products_of_one_brand(sound: Workspace) -> None:
    second_product(sound, "Zed®")
    sound.expect(PI, "brand_names", "'zed' is a brand name of why too", error=False)


def test_two_passages_of_the_same_words(sound: Workspace) -> None:
    sound.copy(DOSAGE, "approved_corpus/zed-pi/z.md", ("id: zed-pi.dosage", "id: zed-pi.z"))
    words = ("the same words as zed-pi.dosage", "retrieve: false")
    sound.expect("approved_corpus/zed-pi/z.md", "## DOSAGE", *words, error=False)


@pytest.mark.parametrize("setting", ["retrieve: false", "audiences: [patient]", "expires: 2026-11-21"])
def test_the_same_words_elsewhere_are_no_twins(sound: Workspace, setting: str) -> None:
    sound.copy(DOSAGE, "approved_corpus/zed-pi/z.md", ("id: zed-pi.dosage", f"id: zed-pi.z\n{setting}"))
    assert not [fault for fault in sound.faults() if "same words" in fault.message]


@pytest.mark.parametrize(("set_id", "count"), [("", 1), ("abc", 0)])
def test_versions_of_one_label_are_no_twins_and_two_documents_get_one_note(
    sound: Workspace, set_id: str, count: int
) -> None:
    source = f"source: {{set_id: {set_id}}}\n" if set_id else ""
    sound.write("approved_corpus/zed-2/document.yaml", source + sound.read(PI).replace("id: zed-pi", "id: zed-2"))
    for topic in TOPICS:
        text = sound.read(f"approved_corpus/zed-pi/{topic}.md").replace("id: zed-pi", "id: zed-2")
        sound.write(f"approved_corpus/zed-2/{topic}.md", text)
    if source:
        sound.set(PI, source.strip())
    found = [fault for fault in sound.faults() if "same words" in fault.message]
    assert len(found) == count
    assert all("2 further passages of" in fault.message for fault in found)


# --- characters -------------------------------------------------------------------------------------------------------

GRAVE = {
    "do\u202ese": ("U+202E", "bidirectional control"),
    "do\u2066se": ("U+2066", "bidirectional control"),
    "do\u200bse": ("U+200B", "zero-width"),
    "do\u2060se": ("U+2060", "zero-width"),
    "do\ufeffse": ("U+FEFF", "zero-width"),
    "do\u200dse": ("U+200D", "zero-width"),
    "do\x08se": ("U+0008", "control character"),
    "do\x85se": ("U+0085", "control character"),
    "do\rse": ("U+000D", "control character"),
    "d\u043ese": ("U+043E CYRILLIC SMALL LETTER O", "mixed scripts"),
    "\u0421max": ("U+0421 CYRILLIC CAPITAL LETTER ES", "mixed scripts"),
    "d\u03bfse": ("U+03BF GREEK SMALL LETTER OMICRON", "mixed scripts"),
    "p\u03b1ra": ("U+03B1 GREEK SMALL LETTER ALPHA", "mixed scripts"),
    "\u0391UC": ("U+0391 GREEK CAPITAL LETTER ALPHA", "mixed scripts"),
    "\u0441\u043e\u0440": ("U+0441", "mixed scripts"),
}
LIGHT = {
    "do\u00adse": ("U+00AD SOFT HYPHEN", "soft hyphen"),
    "do\ufffdse": ("U+FFFD", "replacement"),
    "do\U000e0041se": ("U+E0041", "tag character"),
    "do\ue000se": ("U+E000", "private use"),
    "do\u0378se": ("U+0378", "unassigned"),
    "do\u2028se": ("U+2028", "separator"),
    "do\u200ese": ("U+200E", "invisible character"),
    "do\uff33se": ("U+FF33", "look-alike"),
    "dose\u0301": ("U+0301", "NFC"),
    "dose\r\n": ("CR LF", "LF line ends"),
}


@pytest.mark.parametrize("imported", [False, True])
@pytest.mark.parametrize("planted", [*GRAVE, *LIGHT])
def test_a_suspicious_character_in_a_body(sound: Workspace, planted: str, imported: bool) -> None:
    sound.plant(DOSAGE, "Approved words on", f"Approved {planted} words on")
    if imported:
        sound.set(PI, f"source: {{sha256: {'a' * 64}}}")
    code, kind = (GRAVE | LIGHT)[planted]
    found = sound.expect(DOSAGE, 10, code, kind, error=planted in GRAVE and not imported)
    column = 10 + next((at for at, c in enumerate(planted) if c not in "dosepra"), 0)
    assert found.message.startswith(f"column {column}: ")
    assert "Approved" not in found.message


@pytest.mark.parametrize("planted", [planted for planted in (*GRAVE, *LIGHT) if "\r" not in planted])
def test_a_suspicious_character_in_a_title_or_name_is_an_error(sound: Workspace, planted: str) -> None:
    code, kind = (GRAVE | LIGHT)[planted]
    escaped = "".join(f"\\U{ord(character):08x}" for character in planted)
    sound.plant(DOSAGE, "title: DOSAGE", f'title: "My {escaped}"')
    sound.expect(DOSAGE, "title:", "title, character", code, kind, error=True)
    sound.plant(PI, "generic_names: [zedamine]", f'generic_names: [zedamine, "{escaped}"]')
    sound.expect(PI, "generic_names", "generic_names, character", code, kind, error=True)


@pytest.mark.parametrize(
    "words",
    [
        "β-blocker TNFα α1-acid αvβ3 NFκB IκB FcγRIII λz μmol/L μg µg β2 IFN-γ γGT Δ9 ΔF508 χ² Ω",
        "naïve Sjögren’s 5\u00a0mg ½ ≥ ® ™ “ﬁne” …\t|",
        "дозировка препарата",
        "פרו 药物 علاج",
    ],
)
def test_what_labels_really_write_is_no_fault(sound: Workspace, words: str) -> None:
    sound.plant(DOSAGE, "Approved words on", f"Approved {words} words on")
    assert sound.faults() == ()


def test_a_joiner_is_no_fault_where_the_script_needs_it(sound: Workspace) -> None:
    sound.plant(DOSAGE, "Approved words on", "Approved می\u200cخواهم on")
    assert sound.faults() == ()


def test_a_character_is_told_once_with_its_count(sound: Workspace) -> None:
    sound.plant(DOSAGE, "Approved words on", "A\u200bp\u200bp\u200broved words on")
    sound.expect(DOSAGE, "roved words", "column 2", "3 times", error=True)


# --- block marks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "at", "words"),
    [
        ("| a | b |\n|---|---|\n| c |", "| c |", "2 columns and this row 1"),
        ("| a | b |\n|---|---|\n| c | d | e |", "| c | d | e |", "2 columns and this row 3"),
        ("| a | b |\n|---|---|\n| c | d", "| c | d", "close every cell"),
        ("  | x |\n  |---|\n  | y ||", "  | y ||", "1 columns and this row 2"),
        ("| q | r |\n| s | t |", "| q | r |", "line that ends its head"),
        ("A word[^9] without a note.", "[^9]", "footnote mark 9 has no footnote: add the line [^9]:"),
        ("[^8]: a note", "[^8]:", "footnote 8 has no mark in the text: set [^8]"),
        ("![a picture]", "![a picture]", "write ![caption](file)"),
        ("![x]()", "![x]()", "write ![caption](file)"),
        ("a line \nmore", "a line ", "remove it"),
        ("a tab\t\nmore", "a tab", "remove it"),
    ],
)
def test_broken_block_marks(sound: Workspace, block: str, at: str, words: str) -> None:
    sound.write(WARNINGS, f"{sound.read(WARNINGS)}\n{block}\n")
    sound.expect(WARNINGS, at, words, error=False)


def test_blank_lines_around_the_text(sound: Workspace) -> None:
    sound.write(WARNINGS, sound.read(WARNINGS) + "\n")
    found = sound.expect(WARNINGS, "![p]", "white space", error=False)
    assert len(sound.faults()) == 1
    assert "remove it" in found.message


@pytest.mark.parametrize(
    "block",
    [
        "| a \\| b || c |\n|---|---|---|\n| ^^ || e |\n| f |||",
        "- item\n  |---|---|\n  | a<br>b | |",
        "Warning![1] and more![^1] of 5 | 6",
        "![A [b] c](Rev 10 (2).jpg)",
    ],
)
def test_sound_block_marks(sound: Workspace, block: str) -> None:
    sound.write(WARNINGS, f"{sound.read(WARNINGS)}\n{block}\n")
    assert sound.faults() == ()


# --- speed ------------------------------------------------------------------------------------------------------------


def test_six_thousand_passages_are_checked_in_seconds(sound: Workspace) -> None:
    """Only a brake against quadratic work: the bound is ten times what was measured."""
    corpus = sound.corpus()
    like = next(s for s in corpus.passages if s.passage.id == "zed-pi.dosage")

    def copy(number: int) -> SourcedPassage:
        text = like.passage.text * 20 + b"\n%d" % number
        passage = replace(like.passage, id=f"zed-pi.{number}", text=text, sha256=f"{number:064x}")
        origin = replace(like.origin, path=like.origin.path.with_name(f"{number}.md"))
        return SourcedPassage(passage, origin)

    many = tuple(copy(number) for number in range(6000))
    began = time.process_time()
    sound.faults(corpus=replace(corpus, passages=(*corpus.passages, *many)))
    assert time.process_time() - began < 20
