"""The import of SPL: hostile files are refused, structure becomes the passage format, cuts respect meaning."""

from __future__ import annotations

import datetime as dt
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.content.spl.importing import read_spl
from assistant.content.spl.text import Block, Shape
from assistant.content.spl.units import UnitSettings, leads_in
from assistant.content.writing import DocumentDraft, PassageDraft, write_document
from assistant.domain import TOPICS
from assistant.errors import ContentError
from tests.test_spl_words import compare

SET_ID = "0a1b2c3d-0000-4000-8000-000000000000"


def section(text: str = "", *, code: str = "42229-5", title: str = "", below: str = "", excerpt: str = "") -> str:
    return (
        f'<component><section><id root="x"/><code code="{code}"/>'
        + (f"<title>{title}</title>" if title else "")
        + (f"<text>{text}</text>" if text else "")
        + (f"<excerpt><highlight><text>{excerpt}</text></highlight></excerpt>" if excerpt else "")
        + f"{below}</section></component>"
    )


def label(*sections: str, kind: str = "34391-3", title: str = "ZORVANTA tablets", product: str = "") -> bytes:
    product = product or (
        "<manufacturedProduct><name>Zorvanta</name><asEntityWithGeneric><genericMedicine><name>norvastigline</name>"
        "</genericMedicine></asEntityWithGeneric></manufacturedProduct>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><document xmlns="urn:hl7-org:v3">'
        f'<code code="{kind}"/><title>{title}</title><effectiveTime value="20260115"/><setId root="{SET_ID}"/>'
        '<versionNumber value="3"/><author><assignedEntity><representedOrganization><name>Imaginary Pharma</name>'
        "</representedOrganization></assignedEntity></author><component><structuredBody>"
        f'<component><section><code code="48780-1"/><subject>{product}</subject></section></component>'
        f"{''.join(sections)}</structuredBody></component></document>"
    ).encode()


def read(*sections: str, limits: UnitSettings | None = None, **more: str) -> DocumentDraft:
    data = label(*sections, **more)
    draft = read_spl(data, "zorvanta.xml", limits or UnitSettings())
    compare(draft, data)
    return draft


def only(*sections: str) -> PassageDraft:
    (passage,) = read(*sections).passages
    return passage


# --- the document ---


def test_a_document_is_named_after_its_first_brand_and_set_id() -> None:
    draft = read(section("Text.", title="1 INDICATIONS AND USAGE", code="34067-9"))
    assert (draft.id, draft.product) == ("zorvanta-0a1b2c3d", "zorvanta")
    assert (draft.version, draft.effective, draft.labeler) == ("3", dt.date(2026, 1, 15), "Imaginary Pharma")
    assert (draft.brand_names, draft.generic_names) == (("Zorvanta",), ("norvastigline",))
    assert (draft.audiences, draft.markets) == (("hcp",), ("US",))
    assert draft.source["set_id"] == SET_ID
    assert len(draft.source["sha256"]) == 64


def test_names_are_kept_once_in_the_label_s_case_and_a_suffix_is_told_from_the_name() -> None:
    product = (
        "<manufacturedProduct><name>ZORVANTA</name></manufacturedProduct>"
        "<manufacturedProduct><name>Zorvanta<suffix>Pen</suffix></name>"
        "<part><partProduct><name>Alcohol swab</name><ingredient><activeMoiety><activeMoiety><name>ISOPROPYL ALCOHOL"
        "</name></activeMoiety></activeMoiety></ingredient></partProduct></part></manufacturedProduct>"
    )
    draft = read(section("Text.", title="DESCRIPTION"), product=product)
    assert draft.brand_names == ("ZORVANTA", "Zorvanta Pen")
    assert draft.generic_names == ()


def test_a_written_document_keeps_every_byte(tmp_path: Path) -> None:
    draft = read(section("<paragraph>A\u00a0≥ 5 µg &lt;b> {{ x }} ®</paragraph>", title="DESCRIPTION"))
    folder = write_document(tmp_path, draft)
    (file,) = folder.glob("*.md")
    assert file.read_bytes().endswith("---\n## DESCRIPTION\n\nA\u00a0≥ 5 µg <b> {{ x }} ®\n".encode())


# --- hostile and broken files ---


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not well-formed"),
        (b"<document", "not well-formed"),
        (b"<html/>", "no Structured Product Labeling"),
        (label().replace(b"urn:hl7-org:v3", b"urn:other"), "no Structured Product Labeling"),
        (label().replace(b"Zorvanta", b"\xff\xfe"), "not UTF-8"),
        (label().replace(b'encoding="UTF-8"', b'encoding="ISO-8859-1"'), "only UTF-8"),
        (label().decode().encode("utf-16"), "not UTF-8"),
        (b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + label().split(b"?>")[1], "document type"),
        (b'<!DOCTYPE d SYSTEM "http://example.invalid/x.dtd"><d/>', "document type"),
        (b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>', "document type"),
        (label().replace(b"Zorvanta", b"&unknown;"), "not well-formed"),
        (
            label(section("<paragraph>" + "<content>" * 400 + "x" + "</content>" * 400 + "</paragraph>")),
            "not well-formed",
        ),
        (label().replace(b'value="20260115"', b'value="soon"'), "no day"),
        (label().replace(b"<setId", b"<other"), "no setId"),
        (label(product="<manufacturedProduct/>"), "names no product"),
        (label(section("<table>stray<tr><td>a</td></tr></table>")), "outside the narrative markup"),
    ],
)
def test_what_is_no_sound_label_is_refused_with_the_file_s_name(data: bytes, says: str) -> None:
    with pytest.raises(ContentError, match=says) as caught:
        read_spl(data, "bad.xml")
    assert str(caught.value).startswith("bad.xml:")


def test_absurd_spans_do_not_make_an_absurd_table() -> None:
    text = only(
        section('<table><tr><td colspan="99999999" rowspan="9999">a</td><td>b</td></tr><tr><td>c</td></tr></table>')
    )
    assert len(text.text) < 2_000


# --- narrative text ---


def body(text: str) -> str:
    return only(section(text)).text


def test_white_space_follows_spl_and_everything_else_stays() -> None:
    assert (
        body("\n <paragraph>a \t b\n c<br/> d\u00a0 e</paragraph>\n<paragraph> f</paragraph>")
        == "a b c\nd\u00a0 e\n\nf"
    )


def test_text_directly_under_text_and_hidden_marks_are_read() -> None:
    assert body('loose <content styleCode="xmChange">changed</content> end<paragraph>p</paragraph>tail') == (
        "loose changed end\n\np\n\ntail"
    )


def test_lists_keep_their_kind_their_nesting_and_their_captions() -> None:
    assert (
        body(
            '<list><item>one<list listType="ordered"><item>a</item><item>b</item></list></item>'
            "<item><caption>•</caption>two<paragraph>more</paragraph></item><item><caption>3.</caption>three</item></list>"
        )
        == "- one\n  1. a\n  2. b\n- two\n  more\n3. three"
    )
    assert body('<list listType="ordered" styleCode="LittleAlpha"><item>x</item><item>y</item></list>') == "a. x\nb. y"


def test_tables_keep_head_spans_lists_pipes_and_notes() -> None:
    text = body(
        "<table><caption>Table 1</caption><tfoot><tr><td colspan='3'>CI: interval</td></tr></tfoot>"
        "<thead><tr><th rowspan='2'>Term</th><th colspan='2'>Group</th></tr><tr><th>A</th><th>B</th></tr></thead>"
        "<tbody><tr><td>x|y<footnote ID='f'>a note</footnote></td><td/><td>2<br/>3</td></tr>"
        "<tr><td>z<footnoteRef IDREF='f'/></td><td colspan='2'><list><item>p</item><item>q</item></list></td></tr>"
        "</tbody></table>"
    )
    assert text == (
        "Table 1\n\n| Term | Group ||\n| ^^ | A | B |\n|---|---|---|\n| x\\|y[^1] | | 2<br>3 |\n"
        "| z[^1] | - p<br>- q ||\n\nCI: interval\n\n[^1]: a note"
    )


def test_a_caption_that_only_draws_a_bullet_is_the_mark_of_the_list() -> None:
    items = "".join(f"<item><caption>{mark}</caption>x</item>" for mark in ("•", "o", "–", "▪", "·", "\u00a0", "ob"))
    assert body(f"<list>{items}</list>") == "- x\n" * 6 + "- ob x"


def test_a_footnote_without_text_gives_neither_mark_nor_note() -> None:
    text = "one<footnote ID='a'/> two<footnote ID='b'>said</footnote> three<footnoteRef IDREF='a'/>"
    assert body(f"<paragraph>{text}</paragraph>") == "one two[^1] three\n\n[^1]: said"


def test_a_table_of_one_column_is_no_table() -> None:
    assert body("<table><tr><td><paragraph>a</paragraph></td></tr><tr><td>b</td></tr></table>") == "a\n\nb"


def test_pictures_and_raised_and_lowered_text() -> None:
    media = (
        '<component><observationMedia ID="M1"><text>alt</text><value><reference value="fig.jpg"/></value>'
        "</observationMedia></component>"
    )
    text = (
        "<paragraph>CO<sub>2</sub> x<sup> 2 </sup>y</paragraph>"
        '<renderMultiMedia referencedObject="M1"><caption>Fig. 1</caption></renderMultiMedia>'
    )
    passage = only(section(text, below=media))
    assert passage.text == "CO<sub>2</sub> x<sup> 2</sup> y\n\n![Fig. 1](fig.jpg)"


#: Narrative blocks of any shape, one word a place, so that the words test can follow them.
_WORD = st.text(string.ascii_letters + "®µ≥\u00a0&;", min_size=1, max_size=6).map(
    lambda word: "w" + word.replace("&", "&amp;")
)
_INLINE = st.recursive(
    _WORD,
    lambda inner: st.one_of(
        inner.map(lambda x: f"<content styleCode='bold'>{x}</content> "),
        inner.map(lambda x: f"<sup>{x}</sup>"),
        inner.map(lambda x: f"{x}<br/>"),
        st.tuples(inner, inner).map(" ".join),
    ),
    max_leaves=4,
)
_BLOCK = st.recursive(
    _INLINE.map(lambda x: f"<paragraph>{x}</paragraph>"),
    lambda inner: st.one_of(
        st.lists(st.tuples(_INLINE, inner), min_size=1, max_size=3).map(
            lambda items: "<list>" + "".join(f"<item>{a}{b}</item>" for a, b in items) + "</list>"
        ),
        st.lists(st.lists(inner, min_size=1, max_size=3), min_size=1, max_size=3).map(
            lambda rows: (
                "<table><tbody>"
                + "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
                + "</tbody></table>"
            )
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_BLOCK, min_size=1, max_size=4), st.integers(20, 200))
def test_no_nesting_of_blocks_and_no_length_loses_or_moves_a_word(blocks: list[str], length: int) -> None:
    data = label(section("".join(blocks), title="WARNINGS", code="34071-1"))
    compare(read_spl(data, "made.xml", UnitSettings(max_chars=length, target_chars=length // 2, small_chars=5)), data)


# --- cutting ---

LONG = "Sentence of some length about the matter at hand. " * 12


def texts(draft: DocumentDraft) -> list[str]:
    return [passage.text for passage in draft.passages]


def test_a_short_subsection_is_whole_with_its_own_subsections_and_full_path() -> None:
    inner = section("<paragraph>inner</paragraph>", title="Monitoring")
    draft = read(
        section(
            title="5 WARNINGS AND PRECAUTIONS",
            below=section("<paragraph>outer</paragraph>", title="5.1 Bleeding", below=inner),
        )
    )
    assert texts(draft) == ["## 5 WARNINGS AND PRECAUTIONS\n## 5.1 Bleeding\n\nouter\n\n## Monitoring\n\ninner"]
    assert draft.passages[0].locator == "5.1"
    assert draft.passages[0].title == "Bleeding"


def test_a_long_one_is_cut_at_nested_subsections_and_each_repeats_the_path() -> None:
    nested = "".join(
        section(f"<paragraph>{LONG}</paragraph>", title=title) for title in ("First", "Second", "Third", "Fourth")
    )
    draft = read(section(title="5 WARNINGS", below=section(title="5.1 Bleeding", below=nested)))
    assert [passage.text.split("\n\n")[0] for passage in draft.passages] == [
        f"## 5 WARNINGS\n## 5.1 Bleeding\n## {title}" for title in ("First", "Second", "Third", "Fourth")
    ]


def test_run_in_headings_are_places_to_cut_and_reach_into_later_pieces() -> None:
    bold = '<paragraph><content styleCode="underline">{0}</content></paragraph><paragraph>{1}</paragraph>'
    draft = read(
        section(
            bold.format("Smokers", LONG * 2) + bold.format("Athletes", LONG * 2 + "</paragraph><paragraph>" + LONG * 2),
            title="12.3 Pharmacokinetics",
        )
    )
    assert [passage.title for passage in draft.passages] == ["Smokers", "Athletes", "Athletes"]
    assert draft.passages[1].text.startswith("## 12.3 Pharmacokinetics\n\nAthletes\n\nSentence")


def test_a_lead_in_is_never_parted_from_its_list_nor_a_table_from_its_title_and_notes() -> None:
    table = "<table><tr><td>a</td><td>b</td></tr></table>"
    draft = read(
        section(
            f"<paragraph>{LONG}</paragraph><paragraph>Avoid the following:</paragraph><list><item>{LONG}</item></list>"
            f"<paragraph>Table 1: Rates</paragraph>{table}"
            f"<paragraph>* of treated patients</paragraph><paragraph>{LONG}</paragraph>",
            title="7 DRUG INTERACTIONS",
        ),
        limits=UnitSettings(max_chars=300, target_chars=200),
    )  # fmt: skip
    joined = [text for text in texts(draft) if "Avoid the following:" in text]
    assert len(joined) == 1
    assert "\n\n- Sentence" in joined[0]
    (tabled,) = [text for text in texts(draft) if "Table 1: Rates" in text]
    assert tabled.endswith("| a | b |\n\n* of treated patients")


def test_a_lead_in_is_joined_with_the_subsection_that_follows_it() -> None:
    below = section("<list><item>Pen carton</item></list>") + section(
        f"<paragraph>{LONG}</paragraph>", title="16.2 Box"
    )
    draft = read(section("The following packages are available.", title="16 SUPPLY", below=below))
    assert texts(draft)[0] == "## 16 SUPPLY\n\nThe following packages are available.\n\n- Pen carton"
    assert len(texts(draft)) == 2


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("The following dosages are expressed as base.", True),
        ("Below is a description of the trials.", True),
        ("Monitor as follows [see Warnings (5.1)].", True),
        ("Take the next dose the following day.", False),
        ("It contains the following: lactose.", False),
        ("It was not studied in patients below 15 kg.", False),
        ("Start it the day following discontinuation.", False),
    ],
)
def test_what_leads_in(text: str, leads: bool) -> None:
    assert leads_in(Block(Shape.PARAGRAPH, text)) is leads


def test_choices_of_one_row_stay_together() -> None:
    bold = '<paragraph><content styleCode="bold">{0}</content></paragraph><paragraph>{1}</paragraph>'
    once, twice = bold.format("If you MISS 1 pill:", LONG), "<paragraph>If you MISS 2 pills:</paragraph>"
    starters = bold.format("1a. If you are a Sunday starter:", LONG) + bold.format("1b. If you are not:", LONG)
    guide = "".join(bold.format(f"PACK {pack}:", LONG) + once + twice + starters for pack in ("ONE", "TWO"))
    draft = read(section(guide, code="42230-3"))
    rows = [text for text in texts(draft) if "MISS" in text]
    assert ["MISS 1" in text and text.index("MISS 2") < text.index("1a.") < text.index("1b.") for text in rows] == [
        True
    ] * 2


def test_a_boxed_warning_framed_inside_a_section_stands_alone_and_its_echo_serves_patients() -> None:
    box = '<paragraph><content styleCode="bold">WARNING: SMOKING</content></paragraph><paragraph>Smoking raises risk.'
    draft = read(
        section(
            f"<table><tr><td>{box}</paragraph></td></tr></table><paragraph>The following is a pill.</paragraph>",
            below=section("<paragraph>Lactose.</paragraph>", title="Zorvanta 1"),
        ),
        section("<paragraph>Your smoking raises the risk: a warning.</paragraph>", code="42230-3"),
        section("<paragraph>Take one a day.</paragraph>", code="42230-3"),
    )
    assert texts(draft)[0] == "WARNING: SMOKING\n\nSmoking raises risk."
    assert [passage.serves for passage in draft.passages] == [("boxed_warning",), (), ("boxed_warning",), ()]


@pytest.mark.parametrize(
    ("title", "kind", "expected"),
    [
        ("ZORVANTA<sup>®</sup> tablets", "34391-3", "ZORVANTA® tablets"),
        ("ZORVANTA. These highlights do not include all.", "34391-3", "Zorvanta prescribing information"),
        ("Drug Facts", "34390-5", "Zorvanta Drug Facts"),
        ("Tablets", "34391-3", "Zorvanta prescribing information"),
        ("Zorvanta tablets, " + "strength " * 20, "34391-3", "Zorvanta prescribing information"),
        ("FACT SHEET FOR PROVIDERS OF ZORVANTA " + "use " * 20, "34391-3", "FACT SHEET FOR PROVIDERS OF ZORVANTA"),
    ],
)
def test_a_title_is_the_label_s_own_where_it_names_the_product_in_short(title: str, kind: str, expected: str) -> None:
    assert read(section("Text.", title="DESCRIPTION"), title=title, kind=kind).title == expected


def test_the_boxed_warning_is_never_cut() -> None:
    draft = read(
        section(
            f"<paragraph>{LONG * 3}</paragraph>" * 3,
            title="WARNING: BLEEDING",
            code="34066-1",
            excerpt="<paragraph>Short form.</paragraph>",
        )
    )
    assert [passage.serves for passage in draft.passages] == [("boxed_warning_short",), ("boxed_warning",)]
    assert [passage.retrieve for passage in draft.passages] == [False, True]


def test_a_dosing_section_coded_as_boxed_warning_is_none() -> None:
    draft = read(section("<paragraph>Take 5 mg daily.</paragraph>", title="2.1 Dosing", code="34066-1"))
    assert draft.passages[0].serves == ()
    assert draft.passages[0].topic == "dosage"


def test_highlights_serve_as_the_indication_in_place_of_the_full_section() -> None:
    full = section(
        "<paragraph>Zorvanta is indicated for thirst.</paragraph>", title="1 INDICATIONS AND USAGE", code="34067-9"
    )
    assert [passage.serves for passage in read(full).passages] == [("indication",)]
    both = full.replace(
        "</section>", "<excerpt><highlight><text>For thirst. (1)</text></highlight></excerpt></section>"
    )
    draft = read(both)
    assert [(passage.locator, passage.serves) for passage in draft.passages] == [
        ("Highlights", ("indication",)),
        ("1", ()),
    ]


def test_the_pointer_to_the_full_prescribing_information_comes_from_the_title() -> None:
    draft = read(
        section("Text.", title="DESCRIPTION"),
        title="These highlights omit. See full prescribing information for ZORVANTA.<br/>ZORVANTA tablets",
    )
    pointer = draft.passages[0]
    assert pointer.text == "See full prescribing information for ZORVANTA."
    assert (pointer.serves, pointer.retrieve) == (("full_prescribing_information",), False)


def test_a_table_behind_a_picture_and_its_note_is_a_passage_of_its_own() -> None:
    table = "<table><caption>Table 3: Yawns in the second study</caption><tr><td>a</td><td>b</td></tr></table>"
    text = (
        '<paragraph><content styleCode="bold">Figure 1: Yawns</content></paragraph>'
        '<renderMultiMedia referencedObject="m"/><paragraph>{0}</paragraph>' + table
    )
    below = section(text.format("Note: it shows the yawns of all who yawned."), title="6.1 Trials")
    draft = read(section(title="6 ADVERSE REACTIONS", below=below))
    assert [passage.title for passage in draft.passages][-1] == "Table 3: Yawns in the second study"
    led = section(text.format("The yawns are in Table 3."), title="6.1 Trials")
    assert len(read(section(title="6 ADVERSE REACTIONS", below=led)).passages) == 1


def test_doses_take_along_the_table_that_another_passage_holds() -> None:
    table = "<table><caption>Table 1: Days</caption><tr><td>Day 1</td><td>2 mg</td></tr></table>"
    below = section(f"<paragraph>Begin so.</paragraph>{table}", title="2.2 Days")
    for says, companions in (("as shown in Table 1", (0,)), ("as shown in Table 2", ()), ("slowly", ())):
        other = section(f"<paragraph>Begin {says}. The dose is small.</paragraph>", title="2.3 Dosage in Dozers")
        draft = read(section(title="2 DOSAGE AND ADMINISTRATION", below=below + other))
        assert [passage.companions for passage in draft.passages] == [(), companions]


SIGNS = "<table><tr><td><list><item>yawning</item></list></td><td><list><item>dozing</item></list></td></tr></table>"


def test_the_harms_of_a_guide_are_cut_apart_and_each_keeps_its_signs() -> None:
    harm = f"<list><item>{{0}}. {LONG * 2} Signs include:</item></list>{SIGNS}"
    more = (
        '<paragraph><content styleCode="bold">In bad cases, signs and symptoms include:</content></paragraph>' + SIGNS
    )
    guide = (
        '<paragraph><content styleCode="bold">What are the possible side effects of Zorvanta?</content></paragraph>'
        + harm.format("Deep doze")
        + more
        + "<paragraph>Tell your doctor of them.</paragraph>"
        + harm.format("Yawns")
    )
    found = read(section(guide, code="42231-1")).passages
    assert len(found) == 2 and found[1].text.startswith("- Yawns.")
    assert "In bad cases" in found[0].text and found[0].text.endswith("Tell your doctor of them.")
    assert {passage.title for passage in found} == {"What are the possible side effects of Zorvanta?"}


def test_the_beginning_of_a_sentence_is_no_title() -> None:
    run_in = '<paragraph><content styleCode="bold">{0}</content> {1}</paragraph>'
    guide = run_in.format("Do not", f"stop Zorvanta at once. {LONG * 5}") + run_in.format("Deep doze", f"{LONG * 5}")
    titles = [passage.title for passage in read(section(guide, code="42231-1", title="Medication Guide")).passages]
    assert "Do not" not in titles and "Deep doze" in titles


def test_a_medication_guide_is_for_patients_and_cut_at_its_questions() -> None:
    def question(words: str, answer: str) -> str:
        return f'<paragraph><content styleCode="bold">{words}</content></paragraph><paragraph>{answer}</paragraph>'

    guide = (
        question("What is the most important information I should know about Zorvanta?", LONG * 5)
        + question("What is Zorvanta?", "A medicine.")
        + question("How should I take Zorvanta?", "If you miss a dose, take it soon.")
        + question("How should I store Zorvanta?", "Store it dry.")
    )
    boxed = section("<paragraph>May harm.</paragraph>", title="WARNING: HARM", code="34066-1")
    draft = read(boxed, section(guide, code="42231-1"))
    patient = [passage for passage in draft.passages if passage.audiences == ("patient",)]
    assert [passage.topic for passage in patient] == ["warnings", "overview", "administration", "storage"]
    assert [passage.serves for passage in patient] == [("boxed_warning",), ("indication",), (), ()]
    assert "missed_dose" in patient[2].also
    assert patient[0].locator == "Medication Guide"


def test_over_the_counter_labels_are_for_both_audiences() -> None:
    draft = read(section("<paragraph>relieves thirst</paragraph>", title="Uses", code="34067-9"), kind="34390-5")
    assert draft.audiences == ("hcp", "patient")
    assert draft.passages[0].audiences == ()


def test_a_title_that_says_all_is_not_lost() -> None:
    draft = read(section(title="Pediatric Use: not established"))
    assert texts(draft) == ["## Pediatric Use: not established"]


def test_every_topic_is_one_of_the_domain_s() -> None:
    draft = read(section("Text.", title="ODD HEADING"), section("x", code="51945-4"))
    assert all(passage.topic in TOPICS for passage in draft.passages)
