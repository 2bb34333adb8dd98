"""openFDA records: no word lost or altered, nothing answerable twice, hostile files refused with their line."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import re
import time
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from assistant.content.openfda import file as openfda_file
from assistant.content.openfda.captions import caption_of_group
from assistant.content.openfda.footnotes import end_of_notes
from assistant.content.openfda.importing import NEVER_RETRIEVED, NOT_FOR_PEOPLE, read_openfda, read_record
from assistant.content.writing import DocumentDraft, PassageDraft, write_document
from assistant.domain import Kind
from assistant.errors import ContentError

DATA = Path(os.environ.get("ONLABEL_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
RECORDS = DATA / "labels" / "openfda.jsonl.gz"
needs_records = pytest.mark.skipif(
    not RECORDS.exists(), reason="no real records here: set ONLABEL_DATA to the folder that holds them"
)


def record(**fields: Any) -> dict[str, Any]:
    return {
        "id": "0a1b", "set_id": "abcdef12-3456", "version": "7", "effective_time": "20260131",
        "openfda": {
            "brand_name": ["ZORVANTA"], "generic_name": ["NORVASTIGLINE"], "substance_name": ["NORVASTIGLINE SODIUM"],
            "manufacturer_name": ["Imaginary Pharma"], "product_type": ["HUMAN PRESCRIPTION DRUG"],
        },
        **fields,
    }  # fmt: skip


def read(**fields: Any) -> DocumentDraft:
    return read_record(record(**fields), "file.json")


def sentences(count: int, topic: str = "Norvastigline was given to patients with a made up disease") -> str:
    return " ".join(f"{topic} for the time number {n} of all." for n in range(count))


def located(draft: DocumentDraft, locator: str) -> list[PassageDraft]:
    return [passage for passage in draft.passages if passage.locator == locator]


def texts(found: Mapping[str, Any]) -> list[str]:
    return [
        text
        for name, values in found.items()
        if isinstance(values, list) and name not in NOT_FOR_PEOPLE and not name.endswith("_table")
        for text in values
    ]


# --- real records -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real() -> list[tuple[dict[str, Any], DocumentDraft]]:
    with gzip.open(RECORDS) as file:
        loaded = [json.loads(line) for line in islice(file, 0, 240, 8)]
    return [(one, read_record(one, RECORDS.name)) for one in loaded]


@needs_records
def test_every_word_of_every_field_stands_in_the_passages_in_order(
    real: list[tuple[dict[str, Any], DocumentDraft]],
) -> None:
    for found, draft in real:
        whole = " ".join(word for passage in draft.passages for word in passage.text.split())
        for text in texts(found):
            assert " ".join(text.split()) in whole, draft.id


@needs_records
def test_every_passage_is_a_stretch_of_a_field(real: list[tuple[dict[str, Any], DocumentDraft]]) -> None:
    for found, draft in real:
        fields = texts(found)
        for passage in draft.passages:
            assert any(passage.text in text for text in fields), (draft.id, passage.locator)


@needs_records
def test_no_word_is_imported_twice(real: list[tuple[dict[str, Any], DocumentDraft]]) -> None:
    """The passages hold the words of the fields that stand in no other, once: not those of nested fields again."""
    for found, draft in real:
        kept: list[str] = []
        answers = {name: values for name, values in found.items() if name not in NEVER_RETRIEVED}
        for text in sorted(filter(str.strip, texts(answers)), key=len, reverse=True):
            if not any(text.strip() in outer for outer in kept):
                kept.append(text)
        apart = [text for name in NEVER_RETRIEVED for text in found.get(name, [])]
        expected = Counter(word for text in [*kept, *apart] for word in text.split())
        assert Counter(word for passage in draft.passages for word in passage.text.split()) == expected, draft.id


@needs_records
def test_no_two_answers_have_the_same_bytes(real: list[tuple[dict[str, Any], DocumentDraft]]) -> None:
    for _, draft in real:
        answers = Counter(passage.text for passage in draft.passages if passage.retrieve)
        assert not [text for text, count in answers.items() if count > 1], draft.id


@needs_records
def test_real_records_can_be_written(real: list[tuple[dict[str, Any], DocumentDraft]], tmp_path: Path) -> None:
    folder = write_document(tmp_path, real[0][1])
    assert len(list(folder.glob("*.md"))) == len(real[0][1].passages)


@needs_records
def test_passages_stay_readable(real: list[tuple[dict[str, Any], DocumentDraft]]) -> None:
    lengths = [len(passage.text) for _, draft in real for passage in draft.passages if passage.retrieve]
    assert sum(length > 4000 for length in lengths) < 0.01 * len(lengths)
    assert sorted(lengths)[len(lengths) // 2] < 1500


# --- the document -----------------------------------------------------------------------------------------------------


def test_names_and_source() -> None:
    draft = read(indications_and_usage=["1 INDICATIONS AND USAGE ZORVANTA is indicated for dullness."])
    assert (draft.id, draft.product, draft.version) == ("zorvanta-abcdef12", "zorvanta", "7")
    assert draft.brand_names == ("ZORVANTA",)
    assert draft.generic_names == ("NORVASTIGLINE", "NORVASTIGLINE SODIUM")
    assert (draft.labeler, draft.effective, draft.audiences) == ("Imaginary Pharma", dt.date(2026, 1, 31), ("hcp",))
    assert draft.source["product_type"] == "HUMAN PRESCRIPTION DRUG" and len(draft.source["sha256"]) == 64


def test_generic_name_stands_in_for_a_missing_brand() -> None:
    draft = read(openfda={"generic_name": ["NORVASTIGLINE"]}, purpose=["Purpose Enlivener"])
    assert (draft.product, draft.brand_names) == ("norvastigline", ("NORVASTIGLINE",))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"openfda": {}}, "record 0a1b: names no product"),
        ({"version": ""}, "has no version"),
        ({"set_id": ""}, "has no set id"),
        ({"effective_time": "20261399", "purpose": ["Purpose Enlivener"]}, "is no day"),
        ({"warnings": "one text"}, "field warnings is no list of strings"),
        ({"warnings": ["a", 1]}, "field warnings is no list of strings"),
        ({"warnings": ["half a \ud83d character"]}, "half a character"),
        ({"openfda": {"brand_name": [1]}}, "openfda.brand_name"),
        ({"warnings": [" "]}, "holds no text"),
        ({"warnings_table": ["<table><!DOCTYPE x></table>"]}, "document type"),
    ],
)
def test_refused_records_say_why(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ContentError, match=message):
        read(**change)


def test_texts_of_no_use_to_people_are_not_answers() -> None:
    draft = read(
        spl_product_data_elements=["ZORVANTA norvastigline WATER"],
        recent_major_changes=["Warnings ( 5.1 ) 01/2026"],
        package_label_principal_display_panel=["PRINCIPAL DISPLAY PANEL ZORVANTA 5 mg"] * 2,
        spl_unclassified_section=[
            "Manufactured by: Imaginary Pharma, Nowhere",
            "Dispense with care in the morning only, please.",
        ],
        warnings=["WARNINGS Do not stare at it."],
    )
    assert not any("WATER" in passage.text for passage in draft.passages)
    assert [passage.text for passage in draft.passages if passage.retrieve] == [
        "Dispense with care in the morning only, please.",
        "WARNINGS Do not stare at it.",
    ]
    assert len(draft.passages) == 6


# --- audiences, roles, topics -----------------------------------------------------------------------------------------


def test_patient_fields_are_for_patients_and_counselling_is_not() -> None:
    draft = read(
        information_for_patients=["17 PATIENT COUNSELING INFORMATION Advise patients to rest."],
        spl_medguide=["MEDICATION GUIDE ZORVANTA What is ZORVANTA? ZORVANTA is a prescription medicine."],
        instructions_for_use=["INSTRUCTIONS FOR USE Shake the pen twice."],
    )
    assert [passage.audiences for passage in draft.passages] == [("hcp",), ("patient",), ("patient",)]


def test_over_the_counter_labels_are_for_both() -> None:
    names = {**record()["openfda"], "product_type": ["HUMAN OTC DRUG"]}
    draft = read(
        openfda=names, purpose=["Purpose Enlivener"], stop_use=["Stop use and ask a doctor if dullness returns."]
    )
    assert draft.audiences == ("hcp", "patient") and all(not passage.audiences for passage in draft.passages)


def test_boxed_warning_is_whole_and_its_short_form_apart() -> None:
    full = f"WARNING: DULLNESS {sentences(60)}"
    short = "WARNING: DULLNESS See full prescribing information for complete boxed warning. Dullness may occur. ( 5.1 )"
    found = read(boxed_warning=[f"{full} {short}"]).passages
    assert [(p.text, p.serves, p.topic, p.retrieve) for p in found] == [
        (full, ("boxed_warning",), "boxed_warning", True),
        (short, ("boxed_warning_short",), "boxed_warning", False),
    ]


def test_what_highlights_say_of_a_section_once_more_is_no_answer() -> None:
    full = (
        "4 CONTRAINDICATIONS ZORVEX is contraindicated in patients with: Hypersensitivity to zorvexa or to soya "
        "[see Description (11)] . An eGFR below 30 mL/min [see Warnings and Precautions (5.1)] ."
    )
    again = "Hypersensitivity to zorvexa or soya. ( 4 ) An eGFR below 30 mL/min. ( 4 , 5.1 )"
    answer, short = read(contraindications=[f"{full} {again}"]).passages
    assert (answer.text, answer.retrieve, answer.topic) == (full, True, "contraindication")
    assert (short.text, short.retrieve) == (again, False)
    use = "1 INDICATIONS AND USAGE ZORVEX is indicated for drowsiness in adults. "
    long, other = read(indications_and_usage=[use + "ZORVEX is indicated for drowsiness in adults. ( 1 )"]).passages
    assert (long.serves, other.serves, other.retrieve) == (("indication",), (), False)


@pytest.mark.parametrize(
    "again",
    [
        "Hypersensitivity to zorvexa. ( 4 ) An eGFR below 45 mL/min. ( 4 )",  # a figure of its own
        "Pregnancy, gout and fever. ( 4 )",  # words of its own
        "Hypersensitivity to zorvexa or soya ( 5.1 )",  # not of this section
        "Hypersensitivity to zorvexa or soya [see Warnings and Precautions ( 4 )]",
        "Hypersensitivity to zorvexa or soya.",
    ],
)
def test_what_is_said_only_there_is_an_answer(again: str) -> None:
    full = "4 CONTRAINDICATIONS Hypersensitivity to zorvexa or soya. An eGFR below 30 mL/min. "
    (answer,) = read(contraindications=[full + again]).passages
    assert answer.retrieve


def test_a_short_form_of_a_few_words_is_no_answer_either() -> None:
    full = "4 CONTRAINDICATIONS ZORVEX is contraindicated in: Active pathological bleeding [see Warnings (5.3)] ."
    answer, short = read(contraindications=[f"{full} Active pathological bleeding ( 4 ) Figure"]).passages
    assert (answer.text, answer.retrieve) == (full, True)
    assert (short.text, short.retrieve) == ("Active pathological bleeding ( 4 ) Figure", False)


@pytest.mark.parametrize(
    "limit",
    ["ZORVEX is not for use in frogs. ", "Limitations of Use ZORVEX is not for frogs. Effects on toads are unknown. "],
)
def test_what_limits_a_use_stays_with_it_where_highlights_repeat_it(limit: str) -> None:
    use = "1 INDICATIONS AND USAGE ZORVEX is indicated for drowsiness in adults who sleep by day and by night. "
    again = "ZORVEX is indicated for drowsiness in adults who sleep by day and by night. "
    long, other = read(indications_and_usage=[f"{use}{limit}{again}{limit.strip()} ( 1 )"]).passages
    assert (long.text, other.retrieve) == ((use + limit).strip(), False)


@pytest.mark.parametrize(
    "text",
    [
        # What leads to their list is theirs.
        "ZORVEX is indicated for drowsiness in adults Sleep by day ZORVEX is indicated for: Sleep by day. ( 1 )",
        "ZORVEX is a modulator of receptors (GABA) A receptor indicated for adults ( 1 )",
    ],
)
def test_highlights_that_do_not_begin_for_certain_stay(text: str) -> None:
    (answer,) = read(indications_and_usage=[f"1 INDICATIONS AND USAGE {text}"]).passages
    assert answer.retrieve


def test_highlights_before_subsections_stay() -> None:
    """They tell all doses together, which no subsection does."""
    doses = "2 DOSAGE AND ADMINISTRATION Adults: 5 mg once daily. ( 2.1 ) Children: 2 mg once daily. ( 2.2 ) "
    parts = "2.1 Adults The dose is 5 mg once daily. 2.2 Children The dose for children is 2 mg once daily."
    assert all(passage.retrieve for passage in read(dosage_and_administration=[doses + parts]).passages)


def test_highlights_that_stand_as_a_section_are_no_answer() -> None:
    for title in ("HIGHLIGHTS OF PRESCRIBING INFORMATION", "FULL PRESCRIBING INFORMATION: CONTENTS* 1 INDICATIONS"):
        text = f"{title} These say once more what the sections below say of ZORVEX in full."
        assert not any(passage.retrieve for passage in read(spl_unclassified_section=[text]).passages)


def test_a_boxed_warning_printed_twice_serves_once() -> None:
    full = f"WARNING: DULLNESS {sentences(6)}"
    found = read(boxed_warning=[f"{full}  {full}"]).passages
    assert [(p.text, p.serves, p.retrieve) for p in found] == [(full, ("boxed_warning",), True), (full, (), False)]
    other = f"{full} {full.replace('time number 3', 'third time')}"
    assert [p.text for p in read(boxed_warning=[other]).passages] == [other]


def test_a_title_alone_is_no_boxed_warning() -> None:
    # Where the short form stands first, the whole warning follows it unmarked: no word of it may be lost.
    title = "WARNING: DULLNESS and BOREDOM"
    short = f"{title} See full prescribing information for complete boxed warning. Dullness may occur. ( 5.1 )"
    text = f"{title} {short} Dullness {sentences(20)}"
    assert [(p.text, p.serves, p.retrieve) for p in read(boxed_warning=[text]).passages] == [
        (text, ("boxed_warning",), True)
    ]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Dullness Initially, norvastigline may tire.", "Dullness"),
        ("Recommended Dosage Administer norvastigline once.", "Recommended Dosage"),
        ("How to Administer It Shake the pen.", "How to Administer It"),
        ("Drugs that Prolong Sleep The use of both tires.", "Drugs that Prolong Sleep"),
        ("Tests Before Starting ZORVANTA Prior to the use", "Tests Before Starting ZORVANTA"),
        ("Severe Dullness ZORVANTA can tire.", "Severe Dullness"),
        ("Dosage in Adult Patients • Give it once.", "Dosage in Adult Patients"),
        ("Dull, Tired and/or Bored Patients The use of it", "Dull, Tired and/or Bored Patients"),
        ("Other Medicines Table 5 presents them.", "Other Medicines"),
        (
            "Recommended ZORVANTA Tablets Dosage for Adults The usual one",
            "Recommended ZORVANTA Tablets Dosage for Adults",
        ),
        ("Recommended ZORVANTA Dosage Indication Dosage Dullness 5 mg", "Recommended ZORVANTA Dosage"),
        ("Lack of Likeness between Dull Products The units", "Lack of Likeness between Dull Products"),
        ("Treatment of Dullness The YAWN-1 trial was made", "Treatment of Dullness"),
        ("Dullness of Adults Study 2 was made", "Dullness of Adults"),
        ("Long Extension Study The patients", "Long Extension Study"),
    ],
)
def test_titles_end_where_the_text_begins(text: str, title: str) -> None:
    parts = f"2.1 First {sentences(20)} 2.2 {text} {sentences(20)}"
    draft = read(dosage_and_administration=[f"2 DOSAGE AND ADMINISTRATION {parts}"])
    assert located(draft, "2.2")[0].title == title


def test_a_section_number_with_a_slip_of_a_space() -> None:
    text = f"2 DOSAGE AND ADMINISTRATION 2.1 Adults {sentences(12)} 2. 2 Old Adults Give it. {sentences(12)}"
    draft = read(dosage_and_administration=[text])
    assert [(p.locator, p.title) for p in draft.passages] == [("2.1", "Adults"), ("2.2", "Old Adults")]
    inside = text.replace("Give it.", "Give 2. 3 Tablets of it").replace(" 2. 2 Old", " so 2. 2 Old")
    assert {p.locator for p in read(dosage_and_administration=[inside]).passages} == {"2.1"}


def test_all_of_the_indications_serve_as_indication() -> None:
    draft = read(
        indications_and_usage=[f"1 INDICATIONS AND USAGE 1.1 Dullness {sentences(20)} 1.2 Boredom {sentences(20)}"]
    )
    assert {passage.locator for passage in draft.passages} == {"1.1", "1.2"}
    assert all(passage.serves == ("indication",) for passage in draft.passages)


def test_the_text_decides_what_a_wrongly_named_field_is_about() -> None:
    populations = f"8 USE IN SPECIFIC POPULATIONS 8.2 Lactation Risk Summary {sentences(5)}"
    draft = read(
        use_in_specific_populations=[populations], labor_and_delivery=[populations[populations.index("8.2") :]]
    )
    assert [(p.topic, p.locator) for p in draft.passages] == [("lactation", "8.2")]


# --- fields inside fields ---------------------------------------------------------------------------------------------


def test_a_nested_field_is_cut_out_of_its_parent() -> None:
    before, after = sentences(4, "Highlights speak of pregnancy"), f"8.6 Renal Impairment {sentences(4)}"
    pregnancy = f"8.1 Pregnancy Risk Summary {sentences(6)}"
    draft = read(
        use_in_specific_populations=[f"8 USE IN SPECIFIC POPULATIONS {before} {pregnancy} {after}"],
        pregnancy=[pregnancy],
    )
    assert [(p.text, p.topic, p.locator) for p in draft.passages] == [
        (f"8 USE IN SPECIFIC POPULATIONS {before}", draft.passages[0].topic, "8"),
        (pregnancy, "pregnancy", "8.1"),
        (after, "renal_impairment", "8.6"),
    ]


def test_a_bare_heading_goes_with_what_follows() -> None:
    mechanism = f"12.1 Mechanism of Action {sentences(3)}"
    draft = read(clinical_pharmacology=[f"12 CLINICAL PHARMACOLOGY {mechanism}"], mechanism_of_action=[mechanism])
    assert [(p.text, p.locator) for p in draft.passages] == [(f"12 CLINICAL PHARMACOLOGY {mechanism}", "12.1")]


def test_a_chain_of_nested_fields_keeps_the_innermost() -> None:
    effects = f"Teratogenic Effects {sentences(3)}"
    pregnancy = f"Pregnancy {sentences(2, 'Mice saw nothing')} {effects}"
    draft = read(
        precautions=[f"PRECAUTIONS {sentences(2, 'Take care')} {pregnancy}"],
        pregnancy=[pregnancy],
        teratogenic_effects=[effects],
    )
    assert [p.loinc for p in draft.passages] == ["42232-9", "42228-7", "34077-8"]
    assert draft.passages[2].text == effects


def test_equal_texts_are_one_answer_named_by_the_more_specific_field() -> None:
    text = f"Use it never twice. {sentences(3)}"
    draft = read(warnings=[text], do_not_use=[text], spl_unclassified_section=[text])
    assert [(p.text, p.loinc) for p in draft.passages] == [(text, "50570-1")]


def test_a_title_within_a_sentence_is_no_section() -> None:
    counselling = "17 PATIENT COUNSELING INFORMATION Advise to read the labeling (Medication Guide) and to rest."
    draft = read(information_for_patients=[counselling], spl_medguide=["Medication Guide"])
    assert [p.text for p in draft.passages] == [counselling]


def test_a_further_occurrence_of_a_field_inside_itself_adds_nothing() -> None:
    inner = f"6.1 Clinical Trials Experience {sentences(4)}"
    outer = f"6 ADVERSE REACTIONS Dullness was seen. {inner}"
    assert [p.text for p in read(adverse_reactions=[outer, inner]).passages] == [outer]


# --- cuts -------------------------------------------------------------------------------------------------------------


def test_short_fields_stay_whole() -> None:
    text = "7 DRUG INTERACTIONS 7.1 Strong Inhibitors Avoid them. 7.2 Inducers Avoid them too."
    assert [p.text for p in read(drug_interactions=[text]).passages] == [text]


def test_white_space_is_kept() -> None:
    text = "WARNINGS  Two  spaces,\ta tab,\u00a0one\nline."
    assert read(warnings=[text]).passages[0].text == text


def test_long_fields_are_cut_at_subsections_and_not_at_references() -> None:
    body = (
        f"{sentences(12)} Dullness occurred [see Warnings and Precautions (5.2) and Section 5.2 Boredom]. ( 5.3 ) "
        "The dose was 5.1 Mg, then 5.2 MBq"
    )
    last = f"5.2 Boredom {sentences(12)} 5.3 Yawning {sentences(12)}"
    text = f"5 WARNINGS AND PRECAUTIONS 5.1 Severe Dullness {body}. {last}"
    draft = read(warnings_and_cautions=[text])
    assert [(p.locator, p.title) for p in draft.passages] == [
        ("5.1", "Severe Dullness"), ("5.2", "Boredom"), ("5.3", "Yawning"),
    ]  # fmt: skip
    assert " ".join(p.text for p in draft.passages) == text


@pytest.mark.parametrize(
    "trap",
    [
        "Give e.g. Norvastigline", "It is i.e. Norvastigline", "at 5.1 mg", "given i.v. Norvastigline",
        "in the U.S. Norvastigline", "by Imaginary Inc. Norvastigline", "by E. Coli", "by Nobody et al. Norvastigline",
        "as in Table 1. Norvastigline", "twice b.i.d. Norvastigline",
        "against No. Five", "Dr. Nobody", "at approx. Five",
        "(Not here. Norvastigline stays) and", "vs. Norvastigline", "the following. Norvastigline",
    ],
)  # fmt: skip
def test_no_cut_inside_a_sentence(trap: str) -> None:
    text = "WARNINGS " + " ".join(
        f"So {trap} with a good many more words behind it until {n} of them." for n in range(60)
    )
    found = read(warnings=[text]).passages
    assert len(found) > 1 and " ".join(p.text for p in found) == text
    assert all(p.text.endswith(" of them.") and p.text.startswith(("WARNINGS", f"So {trap}")) for p in found)


def test_a_bracket_that_is_never_closed_holds_no_text_together() -> None:
    text = "WARNINGS (It was seen. " + " ".join(f"Dullness was seen (by {n} of them) again." for n in range(150))
    assert max(len(p.text) for p in read(warnings=[text]).passages) < 4000


def test_a_reference_stays_with_its_sentence() -> None:
    text = "WARNINGS " + " ".join(
        f"Dullness was seen in {n} patients and more of them. ( 5.{n} )" for n in range(1, 80)
    )
    found = read(warnings=[text]).passages
    assert len(found) > 1 and all(p.text.startswith(("WARNINGS", "Dullness")) for p in found)


ROWS = " ".join(f"Dullness of kind {n} {n}.5 {n + 1} (3.0) 17" for n in range(12))
NOTES = "* Reported by patients. † None of them was awake. Abbreviations: N = number."


@pytest.mark.parametrize("title", ["Table 3: Dullness", "Table 3. Dullness", "Table 3 . Dullness", "Table 3 Dullness"])
def test_a_table_begins_a_piece_and_keeps_its_footnotes_and_rows(title: str) -> None:
    table = f"{title} in Patients {NOTES} {ROWS}"
    after = sentences(20, "Yawning was seen in patients with a made up disease")
    text = f"6 ADVERSE REACTIONS {sentences(15)} Table 3 shows the dullness. {table} {after}"
    found = [p.text for p in read(adverse_reactions=[text]).passages]
    assert " ".join(found) == text
    assert [piece for piece in found if title in piece] == [table]
    assert any(piece.endswith("Table 3 shows the dullness.") for piece in found)


def test_a_table_behind_few_words_keeps_them_as_their_lead() -> None:
    table = f"Table 3: Dullness in Patients {NOTES} {ROWS}"
    text = f"6 ADVERSE REACTIONS 6.1 Clinical Trials Experience Here is what was seen. {table} {sentences(30)}"
    found = [p.text for p in read(adverse_reactions=[text]).passages]
    assert found[0] == text[: text.index(table) + len(table)] and len(found) > 2


def test_a_table_that_is_too_long_is_cut_like_any_text() -> None:
    rows = " ".join(f"{ROWS} each. Dullness of a made up kind was number {n} in this trial." for n in range(12))
    found = [p.text for p in read(adverse_reactions=[f"6 ADVERSE REACTIONS Table 3: Dullness {rows}"]).passages]
    assert len(found) > 3 and all(len(piece) < 2600 for piece in found)


@pytest.mark.parametrize(
    "reference", ["as shown in the following Table 1. Norvastigline", "see Table 2: Norvastigline"]
)
def test_a_reference_to_a_table_begins_no_piece(reference: str) -> None:
    text = "WARNINGS " + " ".join(f"It was {reference} and more of it in {n} patients." for n in range(60))
    found = read(warnings=[text]).passages
    assert len(found) > 1 and all(p.text.startswith(("WARNINGS", "It was")) for p in found)


def test_a_footnotes_number_stays_with_its_words() -> None:
    table = f"Table 3: Dullness {ROWS} 1 Based on the patients who were not awake when they were asked about it all"
    text = f"6 ADVERSE REACTIONS {sentences(12)} {table}. {sentences(12)}"
    assert f"{table}." in [p.text for p in read(adverse_reactions=[text]).passages]


@pytest.mark.parametrize(
    "back",
    [
        "However, they", "These", "Among these patients some", "Such patients", "Therefore, they", "In addition, they",
        "If dullness occurred, they", "If dullness persists, they", "Of these, some", "Intervention: They",
        "When Norvastigline is co-administered with Placebol, they", "Limitations of Use: They", "Limitation s of Use",
        "Prevention or management They", "Prevention or Management: They", "Examples: they", "Examples They",
        "See the Full Prescribing Information, they", "The usual duration: they", "Some in this age range",
    ],
)  # fmt: skip
def test_no_piece_begins_with_a_sentence_that_points_back(back: str) -> None:
    text = "WARNINGS " + " ".join(
        f"Dullness was seen in {n} patients and more of them. {back} were given more of it in the end."
        for n in range(60)
    )
    found = [p.text for p in read(warnings=[text]).passages]
    assert len(found) > 1 and " ".join(found) == text
    assert all(piece.startswith(("WARNINGS", "Dullness was")) for piece in found)


@pytest.mark.parametrize(
    "own", ["Howeverine", "Thesenol was", "If you were", "When dullness is", "• If dullness is", "Examples"]
)
def test_other_sentences_may_begin_a_piece(own: str) -> None:
    text = "WARNINGS " + " ".join(f"{own} seen in {n} patients and in many more of them at the end." for n in range(60))
    assert len(read(warnings=[text]).passages) > 2


def test_rows_that_speak_of_other_medicines_are_cut_before_their_names() -> None:
    rows = " ".join(
        f"Class {n} medicines medicine{n} ↑ medicine{n} Give less of it to all of the patients. Look at them "
        f"{'more ' * n}often than before. Stop it where they do not wake up again."
        for n in range(30)
    )
    text = f"7 DRUG INTERACTIONS Table 4: Medicines That Need Care {rows} {sentences(3)}"
    found = [p.text for p in read(drug_interactions=[text]).passages]
    assert len(found) > 2 and all(piece.startswith("Class") for piece in found[1:])


def test_steps_and_strengths_stay_whole() -> None:
    steps = [f"STEP {n} – PREPARE {sentences(8, 'Shake the made up pen')}" for n in range(1, 13)]
    days = [f"Day {n}, {n + 1} or {n + 2}: {sentences(5, 'Give it with a made up pen')}" for n in range(1, 13)]
    strengths = [f"{n}5 mg tablets: {sentences(5, 'A made up tablet, imprinted')}" for n in range(1, 13)]
    for parts in (steps, days, strengths):
        text = f"2 DOSAGE AND ADMINISTRATION As follows. {' '.join(parts)}"
        found = [p.text for p in read(dosage_and_administration=[text]).passages]
        assert len(found) > 2 and " ".join(found) == text
        assert all(piece.startswith(tuple(part[:7] for part in parts)) for piece in found[1:])


def test_a_long_step_is_cut_between_its_sentences() -> None:
    text = f"2 DOSAGE AND ADMINISTRATION STEP 1 – PREPARE {sentences(60)} Go back to STEP 1 then. {sentences(30)}"
    found = [p.text for p in read(dosage_and_administration=[text]).passages]
    assert len(found) > 4 and all(len(piece) <= 1800 for piece in found)
    assert not any(piece.startswith("STEP 1 then") for piece in found)


def test_a_text_without_sentences_stays_whole() -> None:
    text = "DESCRIPTION " + "word " * 2000
    assert [p.text for p in read(description=[text]).passages] == [text.strip()]


def test_patient_texts_are_cut_at_their_questions_not_at_references_to_them() -> None:
    guide = (
        "MEDICATION GUIDE What is the most important information I should know about ZORVANTA? "
        f'{sentences(30)} See " What are the possible side effects of ZORVANTA? " What is ZORVANTA? {sentences(5)} '
        f"What are the possible side effects of ZORVANTA? {sentences(5)}"
    )
    draft = read(spl_medguide=[guide], boxed_warning=["WARNING: DULLNESS Dullness may occur."])
    found = [p for p in draft.passages if p.audiences == ("patient",)]
    assert [p.title for p in found] == [
        "What is the most important information I should know about ZORVANTA?",
        "What is ZORVANTA?",
        "What are the possible side effects of ZORVANTA?",
    ]
    assert [p.serves for p in found] == [("boxed_warning",), (), ()]
    assert found[2].topic == "adverse_reactions"


def test_a_guide_says_what_the_medicine_is_used_for_and_what_to_tell_first() -> None:
    # 21 CFR 208.20(b): without the use in patients' words nothing that praises may be shown to them.
    tells = "Before taking ZORVANTA, tell your healthcare provider"
    guide = (
        "MEDICATION GUIDE What is ZORVANTA? ZORVANTA is a prescription medicine used to treat dullness. "
        f"{sentences(25, 'It was tried')} {tells} about all of your medical conditions, including if you: "
        f"{sentences(25, 'You should say it')} Do not wait. See what to do before taking ZORVANTA, tell your friends. "
        f"How should I take ZORVANTA? {sentences(25, 'Swallow it')}"
    )
    found = [p for p in read(spl_medguide=[guide]).passages if p.audiences == ("patient",)]
    assert [p.title for p in found] == ["What is ZORVANTA?", tells, "How should I take ZORVANTA?"]
    assert [p.serves for p in found] == [("indication",), (), ()]
    assert [p.topic for p in found] == ["overview", "warnings", "administration"]


def test_nothing_is_cut_behind_a_question_unless_it_is_only_referred_to() -> None:
    asks = "Who should be woken?"
    text = f"17 PATIENT COUNSELING INFORMATION {sentences(16)} {asks} {sentences(12)}"
    found = read(information_for_patients=[text]).passages
    assert len(found) > 1 and not any(p.text.endswith("?") for p in found)
    refers = f'{sentences(13)} See "{asks}" {sentences(14)}'
    assert any(p.text.endswith(f'"{asks}"') for p in read(warnings=[refers]).passages)


@pytest.mark.parametrize(
    "asked",
    [
        "Does ZORVANTA cause sleep?", "Is it safe to warm the pen?", "Do I need to hold it down?", "Will it wake me?",
        "Won\u2019t I sleep?", "May I share it?", "Are other medicines safe beside it?",
    ],
)  # fmt: skip
def test_a_question_that_one_word_answers_is_a_heading(asked: str) -> None:
    text = f"MEDICATION GUIDE What is ZORVANTA? {sentences(14)} {asked} No. {sentences(12)}"
    titles = [p.title for p in read(spl_medguide=[text]).passages]
    assert titles == ["What is ZORVANTA?", asked]


@pytest.mark.parametrize(
    "asked", ["Is this normal?", "Do you have enough?", "Are they dull?", "Is the window blue?", "Does it hurt"]
)
def test_a_question_to_the_reader_or_of_what_stands_above_is_none(asked: str) -> None:
    text = f"MEDICATION GUIDE What is ZORVANTA? {sentences(14)} {asked} {sentences(12)}"
    assert {p.title for p in read(spl_medguide=[text]).passages} == {"What is ZORVANTA?"}


def test_a_second_question_behind_a_first_belongs_to_it() -> None:
    text = f"MEDICATION GUIDE What if it gets warm? Is it dangerous to use? {sentences(26)}"
    assert {p.title for p in read(spl_medguide=[text]).passages} == {"What if it gets warm?"}


def test_figures_of_a_table_are_no_headings() -> None:
    # An old label has no numbers: what looks like "12.1" is a figure (explained in openfda/units.py).
    rows = "Norvastigline 2.65 (1.41) 12.1 (3.49) 78 (47) 64 (42) 12.2 Placebol 5.1 6.2 7.3 8.4"
    old = f"CLINICAL PHARMACOLOGY {sentences(12)} {rows} {sentences(12)}"
    assert {p.locator for p in read(clinical_pharmacology=[old]).passages} == {"Clinical Pharmacology"}
    before, after = f"12 CLINICAL PHARMACOLOGY 12.1 Mechanism of Action {sentences(12)}", f"Dose {sentences(12)}"
    for figure in ("12.2 Dullness 2.1 3.2 4.3 5.4", "12.2 (3.49) of it", "12.2 mL of it"):
        found = read(clinical_pharmacology=[f"{before} 2.1 Dullness {figure} {after}"]).passages
        assert {p.locator for p in found} == {"12.1"}, figure
    found = read(clinical_pharmacology=[f"12 CLINICAL PHARMACOLOGY {sentences(12)} 12.0 Placebol {after}"]).passages
    assert {p.locator for p in found} == {"12"}


@pytest.mark.parametrize(
    "heading",
    [
        "12.2 Pharmacodynamics The effect", "12.2 (Placebol) Pharmacodynamics", "12.2 mTOR Inhibitors The effect",
        "12.10 Placebol Levels The effect",
    ],
)  # fmt: skip
def test_a_heading_behind_a_table_is_one(heading: str) -> None:
    rows = " ".join(f"Dullness {n} 2.1 (3.2) 4.3" for n in range(9))
    first = f"12.1 Mechanism of Action {sentences(12)}"
    if "12.10" in heading:
        first += f" 12.4 Metabolism {sentences(12)} 12.7 Food {sentences(12)}"
    text = f"12 CLINICAL PHARMACOLOGY {first} {rows} {heading} {sentences(12)}"
    assert heading.split()[0] in {p.locator for p in read(clinical_pharmacology=[text]).passages}


def test_a_chart_behind_a_sentence_is_a_heading() -> None:
    text = f"2 DOSAGE AND ADMINISTRATION 2.1 Adults {sentences(12)} 2.2 Chart kg 5 10 15 20 25 {sentences(12)}"
    assert {p.locator for p in read(dosage_and_administration=[text]).passages} == {"2.1", "2.2"}


def test_a_field_inside_numbers_a_section_without_number() -> None:
    inner = f"13.1 Carcinogenesis {sentences(14)}"
    draft = read(
        nonclinical_toxicology=[f"NONCLINICAL {sentences(3)} {inner} 13.2 Mice {sentences(14)}"],
        carcinogenesis_and_mutagenesis_and_impairment_of_fertility=[inner],
    )
    assert [p.locator for p in draft.passages] == ["Nonclinical Toxicology", "13.1", "13.2"]
    glued = f"2.DOSAGE AND ADMINISTRATION 2.1 Adults {sentences(12)} 2.2 Children {sentences(12)}"
    assert {p.locator for p in read(dosage_and_administration=[glued]).passages} == {"2.1", "2.2"}


@pytest.mark.parametrize("heading", ["E. Pregnancy", "(B) Pregnancy", "Pregnancy", "5. Pregnancy"])
def test_a_heading_goes_with_the_field_inside_that_follows_it(heading: str) -> None:
    effects = f"Teratogenic Effects {sentences(3)}"
    text = f"PRECAUTIONS {sentences(2, 'Take care')} {heading} {effects}"
    draft = read(precautions=[text], pregnancy=[f"{heading} {effects}"], teratogenic_effects=[effects])
    assert draft.passages[-1].text == f"{heading} {effects}" and draft.passages[-1].title == "Teratogenic Effects"
    said = text.replace(heading, f"{heading} None known.")
    draft = read(precautions=[said], teratogenic_effects=[effects])
    assert draft.passages[-1].text == effects


def test_a_table_s_name_stays_with_what_it_follows() -> None:
    effects = f"Teratogenic Effects {sentences(3)}"
    care = f"Pregnancy {sentences(2, 'Take care')}"
    text = f"{care} Table 5 {effects}"
    draft = read(precautions=[text], pregnancy=[care], teratogenic_effects=[effects])
    assert [p.text for p in draft.passages] == [f"{care} Table 5", effects]


def test_a_question_stands_with_its_answer() -> None:
    asks = "What should I tell my doctor before taking ZORVANTA?"
    tells = f"Before taking ZORVANTA, tell your doctor about all of it: {sentences(20)}"
    guide = f"MEDICATION GUIDE ZORVANTA (zor van ta) tablets, for oral use What is ZORVANTA? {sentences(10)}"
    text = f"{guide} {asks} {tells} What should I avoid? How should I take ZORVANTA? {sentences(10)}"
    found = read(spl_medguide=[text]).passages
    assert " ".join(p.text for p in found) == text
    assert found[0].text == guide and found[0].title == "What is ZORVANTA?"
    assert found[1].text.startswith(f"{asks} Before taking") and found[1].title == asks
    assert [p.title for p in found[-2:]] == [asks, "How should I take ZORVANTA?"]
    assert found[-1].text.startswith("What should I avoid? How")


def test_no_word_is_lost_behind_a_last_heading() -> None:
    heading = "WHAT SHOULD BE KNOWN OF IT"
    text = f"PRECAUTIONS {sentences(3)} {heading} "
    assert " ".join(p.text for p in read(precautions=[text], pregnancy=[heading]).passages) == text.strip()


@pytest.mark.parametrize(
    "unit",
    [
        "e.g. A ", "E. ", "(A. B ", "However. ", "Table 1: A ", ". Table 1: A 1 2 3 4 5 6 7 ", "Ab ↑ C. ",
        "Step 1: A. ", "Day 1,1,1,1", ". A1 1 mg a a ", ". (see (", " ", "A daily Withhold b. ", "if you: • a. ",
        "if you: a. b c. ", "Drugs: A. Be. Intervention: C. ", "Table 1: A daily Withhold b. ",
    ],
)  # fmt: skip
def test_hostile_texts_take_no_long_time(unit: str) -> None:
    begun = time.process_time()
    read(warnings=[f"A{unit * (60_000 // len(unit))} b."])
    assert time.process_time() - begun < 10


# --- over-the-counter labels (Drug Facts, 21 CFR 201.66) --------------------------------------------------------------

DO_NOT = "Do not use if you are dull"
ASK = "Ask a doctor before use if you have a dull liver if dullness warning applies to you"
PHARMACIST = "Ask a doctor or pharmacist before use if you are taking waking pills"
USING = "When using this product take with tea"
STOP = "Stop use and ask a doctor if dullness lasts more than 7 days"
PREGNANT = "If pregnant or breast\u2013feeding, ask a health professional before use."
KEEP = "Keep out of reach of children. In case of overdose, get medical help."
ALERTS = "Allergy alert: This may cause hives. Dullness warning: It contains a sedative. Do not drive."
LONG = "It is not known whether it wakes everybody, and it may keep you from sleep for a night or two. " * 4
SWALLOWED = f"Warnings {ALERTS} {LONG}{DO_NOT} {ASK} {PHARMACIST} {USING} {STOP} {PREGNANT} {KEEP}"


def otc(**fields: Any) -> DocumentDraft:
    return read(openfda={**record()["openfda"], "product_type": ["HUMAN OTC DRUG"]}, **fields)


def test_warnings_that_swallowed_other_sections_are_cut_before_their_headings() -> None:
    found = otc(warnings=[SWALLOWED]).passages
    assert " ".join(p.text for p in found) == SWALLOWED
    assert [p.text for p in found[2:]] == [DO_NOT, ASK, PHARMACIST, USING, STOP, PREGNANT, KEEP]
    assert [(p.loinc, p.title) for p in found] == [
        ("34071-1", "Allergy alert"),
        ("34071-1", "Dullness warning"),
        ("50570-1", "Do Not Use"),
        ("50569-3", "Ask a Doctor"),
        ("50568-5", "Ask a Doctor or Pharmacist"),
        ("50567-7", "When Using This Product"),
        ("50566-9", "Stop Use"),
        ("53414-9", "If Pregnant or Breast-Feeding"),
        ("50565-1", "Keep Out of Reach of Children"),
    ]
    assert found[7].population == ("pregnant", "lactating")


def test_a_prescription_label_is_not_cut_before_them() -> None:
    assert [p.text for p in read(warnings=[SWALLOWED]).passages] == [SWALLOWED]


def test_short_warnings_stay_whole_and_are_about_all_they_hold() -> None:
    text = f"Warnings {DO_NOT} {STOP}. {KEEP}"
    (found,) = otc(warnings=[text]).passages
    assert found.text == text and found.title == "Warnings"
    assert {"contraindication", "discontinuation", "overdose"} <= set(found.also)


@pytest.mark.parametrize("part", [PREGNANT, USING, DO_NOT])
def test_a_short_field_that_begins_with_a_fixed_heading_is_a_section(part: str) -> None:
    name = {PREGNANT: "pregnancy_or_breast_feeding", USING: "when_using", DO_NOT: "do_not_use"}[part]
    text = f"Warnings This is known to cause hives {part} Keep out of reach of children"
    found = otc(warnings=[text], **{name: [part]}).passages
    assert part in [p.text for p in found]
    # In another label's running text the same words are no section.
    assert part not in [p.text for p in read(warnings=[text], **{name: [part]}).passages]


@pytest.mark.parametrize(
    "direction",
    [
        "\u2022 Do not use more than directed",
        "if you are not sure, ask a doctor or pharmacist before use if you are taking",
        "see Dullness warning: above",
        "Do not use for more than 7 days",
    ],
)
def test_a_direction_in_the_words_of_a_heading_begins_no_section(direction: str) -> None:
    text = f"Warnings {LONG}{LONG}{USING} \u2022 {direction} \u2022 do not drive"
    assert [p.text for p in otc(warnings=[text]).passages][-1].startswith(USING)


def test_do_not_use_behind_another_heading_is_a_direction() -> None:
    text = f"Warnings {LONG}{LONG}{USING} Do not use in the eyes {KEEP}"
    assert [p.text for p in otc(warnings=[text]).passages][-2:] == [f"{USING} Do not use in the eyes", KEEP]


def test_a_field_s_text_tells_better_than_its_name_which_section_it_is() -> None:
    kept, uses, purpose = otc(
        keep_out_of_reach_of_children=["Other information store at room temperature"],
        purpose=["USES relieves dullness", "Purpose Enlivener"],
    ).passages
    assert (kept.loinc, kept.topic) == ("60561-8", "storage")
    assert (uses.topic, uses.serves) == ("indication", ("indication",))
    assert (purpose.topic, purpose.serves) == ("overview", ())


def test_what_speaks_of_a_warning_takes_it_along(tmp_path: Path) -> None:
    draft = otc(warnings=[SWALLOWED])
    ask = next(p for p in draft.passages if p.text == ASK)
    assert [draft.passages[place].title for place in ask.companions] == ["Dullness warning"]
    assert all(not p.companions for p in draft.passages if p is not ask)
    folder = write_document(tmp_path, draft)
    (written,) = [f for f in folder.glob("*.md") if "companions:" in f.read_text(encoding="utf-8")]
    assert f"companions:\n- {draft.id}.dullness-warning\n" in written.read_text(encoding="utf-8")


def test_a_warning_that_is_not_there_is_no_companion() -> None:
    assert not any(p.companions for p in otc(ask_doctor=[ASK]).passages)


def test_a_leaflet_is_cut_at_its_questions_and_titled_with_the_whole_of_them() -> None:
    title = "ZORVANTA TABLETS QUESTIONS AND ANSWERS"
    works = f"How does ZORVANTA Tablets work? {sentences(3)}"
    harms = f"Does ZORVANTA have side effects? {sentences(28)}"
    found = otc(spl_unclassified_section=[f"{title} What is ZORVANTA? It enlivens. {works} {harms}"]).passages
    assert [(p.text, p.title, p.topic) for p in found] == [
        (f"{title} What is ZORVANTA? It enlivens.", "What is ZORVANTA?", "overview"),
        (works, "How does ZORVANTA Tablets work?", "mechanism"),
        (harms, "Does ZORVANTA have side effects?", "adverse_reactions"),
    ]
    # Its use is stated in Drug Facts; it is for both audiences, as they are.
    assert all(not p.serves and not p.audiences for p in found)


@pytest.mark.parametrize(
    ("text", "title", "topic"),
    [
        ("When not to use Zorvanta. Not if you are dull.", "When not to use Zorvanta", "contraindication"),
        ("TAMPER EVIDENT: DO NOT USE IF THE SEAL IS BROKEN OR MISSING", "TAMPER EVIDENT", "how_supplied"),
        ("Additional Information Do Not Use if the pouch is torn, ever.", "Additional Information", "how_supplied"),
        (f"{KEEP} Call now.", "Keep Out of Reach of Children", "overdose"),
        ("How should I keep it? Dry.", "How should I keep it?", "patient_counseling"),
    ],
)
def test_a_leaflet_s_heading_is_its_title(text: str, title: str, topic: str) -> None:
    (found,) = otc(spl_unclassified_section=[text]).passages
    assert (found.title, found.topic) == (title, topic)


def test_a_leaflet_that_goes_on_bears_the_heading_above_it() -> None:
    text = f"KEEP IT CLEAN {sentences(50)}"
    found = otc(spl_unclassified_section=[text]).passages
    assert len(found) > 1 and {p.title for p in found} == {"KEEP IT CLEAN"}


# --- what belongs together --------------------------------------------------------------------------------------------

WORDS = (
    "Dullness Grade 2 Withhold ZORVANTA. Resume at the same dose once it has gone. Grade 3 or 4 Permanently "
    "discontinue Yawning Any Withhold until it ends. Doze CrCl < 30 mL/min: 5 mg once daily CrCl < 15 mL/min: Avoid it"
)
DIRECTIONS = "2 DOSAGE AND ADMINISTRATION "


@pytest.mark.parametrize("title", ["Table 2: Changes of the Dose Reaction Severity Change ", "Recommended Changes "])
def test_a_table_of_words_is_not_cut(title: str) -> None:
    text = f"{DIRECTIONS}{sentences(9)} {title}{WORDS}. {sentences(14)}"
    assert any(f"{title}{WORDS}." in passage.text for passage in read(dosage_and_administration=[text]).passages)


def test_a_table_of_words_that_is_too_long_is_cut_before_its_rows_and_names_its_title() -> None:
    row = "Torpor of the {n} kind Grade 2 Withhold ZORVANTA once more. Resume it once the torpor has gone. "
    rows = "".join(row.format(n=chr(97 + n % 26) * (n // 26 + 1)) for n in range(60))
    draft = read(dosage_and_administration=[f"{DIRECTIONS}Table 2: Changes of the Dose Reaction Change {rows}"])
    first, *later = draft.passages
    assert later and all(passage.text.startswith("Torpor") for passage in later)
    assert first.companions == () and {passage.companions for passage in later} == {(0,)}


NOTED = "Table 2: Changes of the Dose for Torpor Grade 1 Grade 2 Grade 3 (TPC < 500) Torpor No change is required. "
CELLS = (
    "Baseline* below Grade 2: Pause until it ends. Pause until recovery, then go on at the next lower level. Watch the "
    "TPC once a week. If it is seen again, end it. "
)
NOTES_BEHIND = "Abbreviations: TPC, torpor count. *Baseline = before treatment. Grading according to CTCAE version 4 . "


def test_a_table_ends_with_the_footnotes_behind_it() -> None:
    table = f"{NOTED}{CELLS}{NOTES_BEHIND}"
    after = f"Doze at Noon The dose is 5 mg. {sentences(14)}"
    text = f"{DIRECTIONS}{sentences(9)} {table}{after}"
    found = [passage.text for passage in read(dosage_and_administration=[text]).passages]
    assert " ".join(found) == text
    assert table.strip() in found


@pytest.mark.parametrize(
    "between", ["The primary endpoint was met in the trial by most of them. ", f"{'And more of it still ' * 40}. "]
)
def test_a_footnote_behind_other_text_ends_no_table(between: str) -> None:
    text = f"{DIRECTIONS}{sentences(9)} {NOTED}{between}{sentences(4)} *Baseline = before treatment. {sentences(14)}"
    found = [passage.text for passage in read(dosage_and_administration=[text]).passages]
    assert not any("Torpor No change" in piece and "*Baseline" in piece for piece in found)


def test_a_mark_that_the_table_does_not_bear_is_no_footnote_of_it() -> None:
    starts = [len(NOTED), len(NOTED) + 20]
    text = f"{NOTED}§ Of another one. Then more of it."
    assert end_of_notes(text, starts, (0, len(NOTED)), len(text), 2600, re.compile("Then")) == len(NOTED)
    marked = text.replace("Torpor No", "Torpor§ No")
    starts = [marked.index("§ Of"), marked.index("Then")]
    assert end_of_notes(marked, starts, (0, starts[0]), len(marked), 2600, re.compile("-")) == starts[1]
    assert end_of_notes(marked, starts, (0, starts[0]), len(marked), 2600, re.compile("Then")) == len(marked)
    assert end_of_notes(marked, starts, (0, starts[0]), len(marked), 99, re.compile("Then")) == starts[0]


CHANGED = (
    "Yawns Grade 2 Withhold ZORVANTA. Resume it at the same dose. If yawns come back, resume it at a lower dose. Then "
    "maintain that. Platelets less than 5 with sleep First Occurrence • Withhold it. Once they are awake, resume it."
)


def test_the_cells_of_a_table_of_changes_lead_to_its_next_row() -> None:
    text = f"{DIRECTIONS}{sentences(9)} Table 2: Changes and Adjustments of the Dose {CHANGED} {sentences(14)}"
    found = [passage.text for passage in read(dosage_and_administration=[text]).passages]
    assert f"Table 2: Changes and Adjustments of the Dose {CHANGED}" in found


def test_a_direction_behind_a_table_leads_to_no_other_use() -> None:
    table = "Table 2: Dose Adjustments Torpor Any Withhold ZORVANTA. Restart it. Maintain it."
    after = f"Deep Doze of 40% The target dose of it is known. {sentences(30)}"
    found = [p.text for p in read(dosage_and_administration=[f"{DIRECTIONS}{sentences(15)} {table} {after}"]).passages]
    assert table in found


def test_named_companions_are_written_with_their_ids(tmp_path: Path) -> None:
    rows = "Torpor again Grade 2 Withhold ZORVANTA once more. Resume it once the torpor has gone. " * 60
    draft = read(dosage_and_administration=[f"{DIRECTIONS}Table 2: Changes of the Dose Reaction Change {rows}"])
    second = sorted(write_document(tmp_path, draft).glob("*.md"))[1]
    assert "companions:\n- zorvanta-abcdef12.2\n" in second.read_text()


@pytest.mark.parametrize(
    "direction", ["Reduce the dosage of ZORVANTA to 75 mg twice daily.", "Permanently discontinue ZORVANTA."]
)
def test_a_direction_stays_with_the_sentence_that_says_for_whom(direction: str) -> None:
    text = f"WARNINGS {' '.join(f'Dullness is seen in kind {n} of it. {direction}' for n in range(60))}"
    assert not any(passage.text.startswith(direction) for passage in read(warnings=[text]).passages)


def test_a_direction_that_says_for_whom_may_begin_a_piece() -> None:
    direction = "Reduce the dosage of ZORVANTA to 75 mg in dull patients of any age."
    found = read(warnings=["WARNINGS " + " ".join([direction] * 60)]).passages
    assert len(found) > 2 and all(passage.text.endswith("age.") for passage in found)


def test_a_list_stays_with_the_lead_in_that_sets_its_condition() -> None:
    items = (
        "ZORVANTA is contraindicated in women who are known to: • Be dull. Examples are women who: ○ Yawn, if over 35 "
        "○ Doze. ○ Nod at noon [see Warnings ( 5.1 )] • Be allergic to it."
    )
    text = f"4 CONTRAINDICATIONS {sentences(12)} {items} {sentences(14)}"
    assert any(items in passage.text for passage in read(contraindications=[text]).passages)


def test_a_list_that_goes_on_small_behind_a_full_stop_is_not_cut() -> None:
    items = "Do not use it if you: are dull. Ask your doctor if you are not sure. have had a yawn. plan to have one."
    text = f"{sentences(11)} {items} {sentences(14)}"
    assert any(items in passage.text for passage in read(instructions_for_use=[text]).passages)


def test_titles_of_the_label_s_own_sections_head_parts_of_others() -> None:
    uses = "1 INDICATIONS AND USAGE 1.1 Deep Dullness of Adults ZORVANTA is indicated for it. "
    text = f"8 USE IN SPECIFIC POPULATIONS {sentences(11)} Deep Dullness of Adults The dose is 5 mg. {sentences(13)}"
    found = read(indications_and_usage=[uses], use_in_specific_populations=[text]).passages
    assert any(passage.text.startswith("Deep Dullness of Adults The dose") for passage in found)


@pytest.mark.parametrize("heading", ["Deep Dullness with Yawns The", "Deep Dullness in Adults 5 to 9 Years: The"])
def test_a_heading_a_little_ahead_is_a_better_place_to_cut(heading: str) -> None:
    before = f"{DIRECTIONS}{sentences(15)} Give it for 9 days."
    text = f"{before} {heading} usual dose is 5 mg. {sentences(13)}"
    first, second = read(dosage_and_administration=[text]).passages
    assert first.text == before
    assert second.text.startswith(heading)
    assert second.title == f"Dosage and Administration: {heading.removesuffix(' The').rstrip(':')}"


def test_a_warning_in_capitals_is_no_heading() -> None:
    warned = "YAWNS, TORPOR AND DEEP DOZE, THE LATTER TOO, SHOULD BE TREATED AS INDICATED."
    text = f"{DIRECTIONS}{sentences(15)} GIVE IT SLOWLY AND WATCH THEM. {warned} {sentences(13)}"
    assert not any(p.text.startswith("YAWNS") for p in read(dosage_and_administration=[text]).passages)


def test_a_heading_far_ahead_is_none() -> None:
    text = f"{DIRECTIONS}{sentences(21)} Deep Dullness with Yawns The usual dose is 5 mg. {sentences(3)}"
    assert not any(p.text.startswith("Deep") for p in read(dosage_and_administration=[text]).passages)


def test_a_run_in_heading_titles_later_pieces_of_doses_only() -> None:
    text = f"{sentences(15)} Deep Dullness with Yawns The usual dose is 5 mg. {sentences(13)}"
    warned = read(warnings_and_cautions=[f"5 WARNINGS AND PRECAUTIONS {text}"]).passages
    assert [p.title for p in warned] == ["Warnings and Precautions"] * 2 and warned[1].text.startswith("Deep")
    dosed = read(dosage_and_administration=[f"2 DOSAGE 2.2 Adult Dosage Light Doze The usual dose is 2 mg. {text}"])
    assert [p.title for p in dosed.passages][-1] == "Adult Dosage: Deep Dullness with Yawns"


IMPAIRED = "2 DOSAGE 2.1 Dosage in Patients with Renal or Hepatic Impairment"
#: A lead-in that ends a piece, and the caption behind it.
DOZE = "Table 4: Dosage for Patients with Light Doze and Renal Impairment Stage Dosage Mild 2 mg Severe 1 mg"
TORPOR = "Table 5: Dosage for Patients with Torpor and Hepatic Impairment Weighing 35 kg or More Stage Dosage Mild 3 mg"


def test_a_table_is_of_the_group_that_its_caption_names() -> None:
    text = f"{IMPAIRED} {sentences(15)} {DOZE}. {sentences(14)} {TORPOR}. {sentences(12)}"
    found = {p.text[:7]: p for p in read(dosage_and_administration=[text]).passages}
    doze, torpor = found["Table 4"], found["Table 5"]
    above = "Dosage for Patients with "
    assert (doze.topic, doze.title) == ("renal_impairment", f"{above}Light Doze and Renal Impairment")
    assert torpor.topic == "hepatic_impairment" and torpor.population == ("hepatic_impairment",)
    assert torpor.title == f"{above}Torpor and Hepatic Impairment Weighing 35 kg or More"


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        ("Table 2. Dosage in Mild Renal Impairment Stage", "Dosage in Mild Renal Impairment"),
        (
            "For handling, see Doses ( 2.7 ) . Table 6: Dosage in Hepatic Impairment Stage",
            "Dosage in Hepatic Impairment",
        ),
        ("Give it slowly. Table 6: Dosage in Hepatic Impairment Stage", ""),
        ("Table 2: Dosage in Renal Impairment or Hepatic Impairment Stage", ""),
        ("Table 2: Dosage in Renal and Hepatic Impairment Stage", ""),
        ("Table 2: Dosage in Patients of Lunar Descent or Those with Hepatic Impairment Stage", ""),
        ("Table 2: Dosage of ZORVANTA Stage Dosage None 5 mg Renal Impairment 2 mg", ""),
        ("Table 2: Dosage in Adults. Dosage in Renal Impairment", ""),
        ("Table 2 shows the Dosage in Renal Impairment", ""),
    ],
)
def test_a_caption_names_one_group_or_none(text: str, caption: str) -> None:
    assert caption_of_group(text) == caption


def test_a_run_in_behind_a_title_is_not_of_the_pieces_of_other_illnesses() -> None:
    section = "2.1 Dosage in Renal or Hepatic Impairment"
    text = f"2 DOSAGE {section} Light Doze Renal Impairment Dosage for doze is in Table 4. {sentences(26)}"
    first, later = read(dosage_and_administration=[text]).passages
    assert first.title == "Dosage in Renal or Hepatic Impairment Light Doze Renal Impairment"
    assert later.title == "Dosage in Renal or Hepatic Impairment"
    text = f"2 DOSAGE 2.1 Dosage Modifications for Light Doze The dose is 5 mg. {sentences(26)}"
    assert {p.title for p in read(dosage_and_administration=[text]).passages} == {"Dosage Modifications for Light Doze"}


def test_a_heading_directly_below_another_stays_with_it() -> None:
    text = f"{DIRECTIONS}{sentences(15)} BY SLOW INFUSION For doze. USUAL ADULT DOSE Give 5 mg slowly. {sentences(13)}"
    assert read(dosage_and_administration=[text]).passages[1].text.startswith("BY SLOW INFUSION For doze.")


def test_an_unclassified_section_of_doses_is_one_of_doses() -> None:
    dose = "The recommended dose is 0.2 mg/kg and is titrated. "
    text = f"USUAL ADULT DOSE {dose * 30}Dozing Adults Below the Age of 60: {dose * 20}"
    first, *later = read(spl_unclassified_section=[text]).passages
    assert {(p.topic, p.title) for p in later} == {
        ("dosage", "USUAL ADULT DOSE"),
        ("dosage", "USUAL ADULT DOSE: Dozing Adults Below the Age of 60"),
    } or [p.topic for p in later] == ["dosage"] * len(later)
    assert (first.topic, first.kind) != ("overview", Kind.BENEFIT)


@pytest.mark.parametrize(
    "text",
    [f"About it {sentences(20)} The usual dose is 2 mg/kg.", "HIGHLIGHTS OF PRESCRIBING INFORMATION 2 mg/kg " * 30],
)
def test_other_unclassified_sections_are_as_they_were(text: str) -> None:
    assert {p.topic for p in read(spl_unclassified_section=[text]).passages} == {"overview"}


ROW = (
    "{0} Clinical {1} It makes them doze deeply. It is long. Prevention or management Watch them well. Give less. {2} "
)


@pytest.mark.parametrize("cell", ["implication", "Impact:"])
@pytest.mark.parametrize(
    "examples", ["Examples: yawnol, dozine", "Examples Yawnol, dozine.", "Examples Yawnol and dozine"]
)
def test_rows_of_interactions_are_cut_only_before_their_medicines(cell: str, examples: str) -> None:
    names = ["Strong Yawners", "Moderate or Weak Yawners (not Yawnol)", "Placebol"]
    rows = "".join(ROW.format(names[n % 3], cell, examples) for n in range(24))
    text = f"7 DRUG INTERACTIONS 7.1 Medicines That Matter Table 5: Medicines That Matter {rows}"
    found = [p.text for p in read(drug_interactions=[text]).passages]
    assert len(found) > 2 and " ".join(found) == text.strip()
    assert all(piece.startswith(tuple(names)) for piece in found[1:])


def test_what_highlights_say_of_a_use_stays_whole() -> None:
    uses = " ".join(
        f"Use {n} of Doze Adults: The recommended induction dosage is {n} mg. Then give {n + 1} mg once daily. "
        f"Stop it if nothing helps at all. ( 2.{n} )"
        for n in range(1, 20)
    )
    text = f"2 DOSAGE AND ADMINISTRATION {uses}"
    found = [p.text for p in read(dosage_and_administration=[text]).passages]
    assert len(found) > 1 and " ".join(found) == text
    assert all(piece.startswith("Use ") and piece.endswith(")") for piece in found[1:])


def test_a_guide_s_heads_for_who_must_not_take_it_and_what_to_tell() -> None:
    draft = read(
        spl_medguide=[
            "Medication Guide What is ZORVANTA? ZORVANTA is used to treat dullness. It is not known if it works. "
            "Do not take ZORVANTA if you: are dull. have had a yawn Before taking ZORVANTA, tell your doctor about all "
            f"of your yawns. {sentences(20)} HOW SHOULD I STORE ZORVANTA? Keep it."
        ]
    )
    assert [(p.title, p.topic) for p in draft.passages if p.title != draft.passages[-2].title] == [
        ("What is ZORVANTA?", "overview"),
        ("Do not take ZORVANTA if you", "contraindication"),
        ("HOW SHOULD I STORE ZORVANTA?", "storage"),
    ]


@pytest.mark.parametrize(
    "part", ["What is the most important information I should know about ZORVANTA?", "What are its side effects?"]
)
def test_what_to_tell_is_no_heading_inside_another_answer(part: str) -> None:
    guide = (
        f"{part} It can cause torpor. Before you start taking ZORVANTA, tell your doctor if you doze. Torpor is grave."
    )
    found = read(spl_medguide=[f"{guide} {sentences(30)} How should I store ZORVANTA? Keep it."]).passages
    assert guide in found[0].text and {passage.title for passage in found[:-1]} == {part}


def test_the_boxed_warning_of_a_patient_s_text_is_theirs() -> None:
    box = "WARNING TO WOMEN WHO YAWN Do not use ZORVANTA if you yawn and are over 35 years old, and ask your doctor."
    draft = read(
        boxed_warning=["WARNING: DULLNESS Women who yawn must not use ZORVANTA.", box],
        spl_patient_package_insert=[f"Patient Information {box} What is ZORVANTA? ZORVANTA is used to treat dullness."],
    )
    served = [(passage.audiences, passage.topic) for passage in draft.passages if "boxed_warning" in passage.serves]
    assert sorted(served) == [(("hcp",), "boxed_warning"), (("patient",), "boxed_warning")]


def test_a_lone_boxed_warning_is_for_professionals_whomever_it_addresses() -> None:
    draft = read(boxed_warning=["WARNING TO WOMEN WHO YAWN Do not use ZORVANTA."])
    assert [(passage.audiences, passage.serves) for passage in draft.passages] == [(("hcp",), ("boxed_warning",))]


def test_a_guide_in_the_field_of_the_boxed_warning_is_no_box() -> None:
    guide = f"Medication Guide What is ZORVANTA? {sentences(20)} How should I store ZORVANTA? Keep it."
    draft = read(boxed_warning=["WARNING: DULLNESS It dulls.", guide], spl_medguide=[f"{guide} Revised: 1/2026"])
    assert [passage.serves for passage in draft.passages if passage.audiences == ("patient",)] == [(), ()]


def test_what_is_left_of_the_populations_is_no_benefit() -> None:
    found = read(
        use_in_specific_populations=["8 USE IN SPECIFIC POPULATIONS Yawners: Not recommended. ( 8.1 )"]
    ).passages
    assert [(passage.topic, passage.kind) for passage in found] == [("overview", Kind.SAFETY)]


def test_later_pieces_under_what_is_it_speak_for_themselves() -> None:
    guide = (
        f"What is ZORVANTA? ZORVANTA is used to treat dullness. {sentences(13)} You should not take it with a yawn. "
    )
    found = read(spl_medguide=[f"{guide} {sentences(20)}"]).passages
    assert (found[0].topic, found[0].serves) == ("overview", ("indication",))
    assert {passage.topic for passage in found if "not take it" in passage.text} == {"contraindication"}


# --- tables -----------------------------------------------------------------------------------------------------------

TABLE = (
    '<table><caption>Table 1: Doses</caption><thead><tr><th colspan="2">Dose</th></tr></thead><tbody>'
    "<tr><td>5 mg|6 mg<br/>daily</td><td>m<sup>2</sup> &lt; 1</td></tr></tbody></table>"
)


def test_tables_keep_their_structure() -> None:
    draft = read(
        dosage_and_administration=["2 DOSAGE AND ADMINISTRATION Take it."], dosage_and_administration_table=[TABLE]
    )
    table = draft.passages[1]
    assert table.text == (
        "## 2 DOSAGE AND ADMINISTRATION\n\nTable 1: Doses\n\n"
        "| Dose ||\n|---|---|\n| 5 mg\\|6 mg<br>daily | m<sup>2</sup> < 1 |"
    )
    assert (table.title, table.topic, table.locator) == ("Table 1: Doses", "dosage", "2")


def test_a_table_of_two_fields_is_imported_once() -> None:
    pharmacokinetics = f"12.3 Pharmacokinetics {sentences(3)}"
    draft = read(
        clinical_pharmacology=[f"12 CLINICAL PHARMACOLOGY {pharmacokinetics}"], clinical_pharmacology_table=[TABLE],
        pharmacokinetics=[pharmacokinetics], pharmacokinetics_table=[TABLE],
    )  # fmt: skip
    assert [p.topic for p in draft.passages] == ["pharmacokinetics", "pharmacokinetics"]


def test_broken_table_markup_is_read_as_html_without_loss() -> None:
    draft = read(warnings_table=["<table><tr><td>One&nbsp;<b>two</td><td>three</table>"])
    assert "| One\u00a0two | three |" in draft.passages[0].text


def test_a_table_cannot_reach_outside() -> None:
    bomb = '<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/hostname">]><table><tr><td>&x;</td></tr></table>'
    with pytest.raises(ContentError, match="document type"):
        read(warnings_table=[bomb])


# --- files ------------------------------------------------------------------------------------------------------------


def one(n: int) -> dict[str, Any]:
    return {**record(warnings=[f"WARNINGS Warning é number {n} of this label."]), "set_id": f"0000000{n}-0"}


SHAPES = {
    "reply": lambda found: json.dumps({"meta": {"results": {"total": 3}}, "results": found}),
    "pretty reply": lambda found: json.dumps({"meta": {"n": 1}, "results": found}, indent=2),
    "list": json.dumps,
    "pretty list": lambda found: json.dumps(found, indent=1, ensure_ascii=False),
    "lines": lambda found: "\n".join(map(json.dumps, found)),
    "lines, blank ones, CRLF": lambda found: "\r\n\r\n".join(map(json.dumps, found)) + "\r\n",
    "byte order mark": lambda found: "\ufeff" + json.dumps(found, indent=1),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "b.json.gz", "c"])
def test_every_shape_of_file_by_its_content(tmp_path: Path, shape: str, name: str) -> None:
    if name == "a.jsonl" and "pretty" in shape + shape.replace("byte order mark", "pretty"):
        pytest.skip("a file named .jsonl is read by line")
    data = SHAPES[shape]([one(1), one(2), one(3)]).encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name != "a.json" else data)
    found = list(read_openfda(tmp_path / name))
    assert [draft.id for draft in found] == [f"zorvanta-0000000{n}" for n in (1, 2, 3)]
    assert found[0].passages[0].text == "WARNINGS Warning é number 1 of this label."


@pytest.mark.parametrize("indent", [None, 2])
def test_one_record_alone(tmp_path: Path, indent: int | None) -> None:
    (tmp_path / "one.json").write_text(json.dumps(one(1), indent=indent))
    assert len(list(read_openfda(tmp_path / "one.json"))) == 1


def test_what_stands_before_a_broken_line_stands(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{json.dumps(one(1))}\n\n{{"id": \n{json.dumps(one(2))}\n')
    found: list[str] = []
    with pytest.raises(ContentError, match=r"a\.jsonl:3: is not JSON") as raised:
        found.extend(draft.id for draft in read_openfda(path))
    assert raised.value.line == 3 and found == ["zorvanta-00000001"]
    told: list[ContentError] = []
    assert len(list(read_openfda(path, told.append))) == 2 and [error.line for error in told] == [3]


def test_records_without_names_are_told_with_line_and_id(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(found) for found in (one(1), {**one(2), "openfda": {}}, one(3))))
    told: list[ContentError] = []
    assert len(list(read_openfda(path, told.append))) == 2
    assert [str(error) for error in told] == [f"{path}:2: record 0a1b: names no product"]


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b'{"results": [\n{"id": "1",,}\n]}', 2, "is not JSON"),
        (b'{\n"results": [\n7\n]}', 3, "no record"),
        (b'[\n{"id": 1}', 2, "names no product"),
        (b"[\n[]]", 2, "no record"),
        (b'{\n"id": NaN}', 2, "NaN"),
        (b'{"id": 1, "id": 2}', 1, "a key twice"),
        (b'{\n"id": 1,\n"id": 2}', 1, "a key twice"),
        (b"[" * 100_000, 1, "nested too deeply"),
        (b'{"id": "\xff"}', 1, "is not UTF-8"),
        (b'{\n"id": 7,\n"x": "\xff"}', 3, "is not UTF-8"),
        (b"7", 1, "no record"),
        (b'{"error": {"code": "NOT_FOUND"}}', 1, "error reply"),
        (b"\x1f\x8b\x08\x00broken", None, "cannot be read"),
        (gzip.compress(json.dumps(record()).encode())[:-12], None, "cannot be read"),
    ],
)
def test_broken_files(tmp_path: Path, data: bytes, line: int | None, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(ContentError, match=message) as raised:
        list(read_openfda(path))
    assert str(path) in str(raised.value)
    if line is not None:
        assert raised.value.line == line


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="cannot be read"):
        list(read_openfda(tmp_path / "none.json"))


@pytest.mark.parametrize("lines", [b"", b"\n"])
def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: bytes) -> None:
    monkeypatch.setattr(openfda_file, "MAX_BYTES", 1 << 20)
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b"{" + lines + b'"id": "' + b"a" * (8 << 20)))
    with pytest.raises(ContentError, match="more than 1048576"):
        list(read_openfda(path))


def test_long_files_are_read_as_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "many.json"
    path.write_text(json.dumps({"results": [one(1), one(2)] * 50}, indent=1)[:-8] + "broken")
    found = read_openfda(path)
    assert next(found).id == "zorvanta-00000001"
    with pytest.raises(ContentError, match="is not JSON"):
        list(found)


def test_marks_of_templates_and_formats_are_only_text() -> None:
    text = "WARNINGS {{ x }} {% y %} [SPAN_1] $x \\1 <b> é e\u0301 \u202b ## | ^^ \u200b end."
    assert read(warnings=[text]).passages[0].text == text


@pytest.mark.parametrize(
    ("text", "retrieved"),
    [
        ("CARCINOGENESIS & MUTAGENESIS & IMPAIRMENT OF FERTILITY See WARNINGS section.", False),
        ("Teratogenic Effects See WARNINGS.", False),
        ("Storage Store at controlled room temperature, 20 to 25\u00b0C (68 to 77\u00b0F) [see USP].", True),
        ("It is known to cause dullness. See WARNINGS section.", True),
    ],
)
def test_a_title_with_a_reference_is_no_answer(text: str, retrieved: bool) -> None:
    (passage,) = [p for p in read(nonclinical_toxicology=[text]).passages if p.text == text]
    assert passage.retrieve is retrieved


def test_a_number_with_slips_of_spaces_begins_a_section_where_the_text_refers_to_it() -> None:
    def numbers(text: str) -> list[str]:
        return list(dict.fromkeys(p.locator for p in read(dosage_and_administration=[text]).passages))

    begin = "2 DOSAGE AND ADMINISTRATION Dullness: one tablet ( 2.1 , 2.2 ). Waking: two ( 2.3 )."
    begin = f"{begin} 2.1 Dullness {sentences(9)}"
    slipped = (
        f"{begin} Figure 1: Sites of Dullness 2. 2 Great Dullness {sentences(9)} once daily 2 . 3 Waking {sentences(9)}"
    )
    assert numbers(slipped) == ["2", "2.1", "2.2", "2.3"]
    assert numbers(slipped.replace("( 2.1 , 2.2 )", "( 2.1 )").replace("( 2.3 )", "")) == ["2", "2.1"]
    # The square of a metre is no chapter.
    squared = f"{begin} 2.2 Great Dullness {sentences(9)} up to 2 mg/m 2 . 2.3 Waking {sentences(9)}"
    assert numbers(squared) == ["2", "2.1", "2.2", "2.3"]
