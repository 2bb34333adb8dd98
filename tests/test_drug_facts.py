"""The fixed headings of Drug Facts (21 CFR 201.66): found as printed, and nowhere else."""

from __future__ import annotations

import time

import pytest

from assistant.content import drug_facts


@pytest.mark.parametrize(
    ("text", "loinc"),
    [
        ("Do not use if you are dull", "50570-1"),
        ("DO NOT USE \u2022 on dull skin", "50570-1"),
        ("Ask a doctor before use if you have dullness", "50569-3"),
        ("Ask a doctor before use if the child has dullness", "50569-3"),
        ("Ask a doctor or pharmacist before use if you are taking pills", "50568-5"),
        ("When using this product you may sleep", "50567-7"),
        ("Stop use and ask a doctor if it hurts", "50566-9"),
        ("If pregnant or breast-feeding, ask", "53414-9"),
        ("If pregnant or breast\u2011feeding, ask", "53414-9"),
        ("If pregnant or breast\u2013feeding: ask", "53414-9"),
        ("If pregnant or breastfeeding, ask", "53414-9"),
        ("Keep out of reach of children.", "50565-1"),
        ("Keep this and all drugs out of the reach of children.", "50565-1"),
        ("Do not use more than directed", ""),
        ("do not use if you are dull", ""),
        ("Ask a doctor.", ""),
        ("Keep dry.", ""),
    ],
)
def test_a_heading_is_known_by_its_prescribed_words(text: str, loinc: str) -> None:
    section = drug_facts.section_at(text)
    assert (section.loinc if section else "") == loinc


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Allergy alert: it may", "Allergy alert"),
        ("Organ Transplant Alert: it may", "Organ Transplant Alert"),
        ("Heart attack and stroke warning It may", "Heart attack and stroke warning"),
        ("Sexually transmitted diseases (STDs) alert: it may", "Sexually transmitted diseases (STDs) alert"),
        ("Reye's syndrome: children who", "Reye's syndrome"),
        ("Allergy alert above says it", ""),
        ("stomach bleeding warning applies to you", ""),
        ("Warnings Do not use", ""),
    ],
)
def test_a_warning_with_a_name_is_known_by_it(text: str, name: str) -> None:
    assert drug_facts.alert_at(text, 0) == name


def test_a_text_with_several_sections_is_none_of_them() -> None:
    one = drug_facts.own_section("Stop use and ask a doctor if it hurts")
    assert one is not None and one.title == "Stop Use"
    assert drug_facts.own_section("Stop use and ask a doctor if it hurts. Keep out of reach of children.") is None
    assert drug_facts.own_section("Use only as directed") is None


def test_a_heading_alone_says_nothing() -> None:
    assert not drug_facts.says_something("Stop use and ask a doctor if")
    assert drug_facts.says_something("When using this product take with tea")
    assert drug_facts.says_something("Keep out of reach of children")
    assert not drug_facts.says_something("Table 5")


def test_a_named_warning_is_found_under_its_name_alone() -> None:
    (named,) = drug_facts.warnings_named("Ask if your dull stomach bleeding warning applies to you")
    assert drug_facts.bears("Warnings Stomach bleeding warning: it may", named)
    assert not drug_facts.bears("Liver warning: it may", named)
    assert not drug_facts.warnings_named("this warning is printed elsewhere")


@pytest.mark.parametrize(
    "unit", ["Do not use if ", "Aa alert ", "Ask a doctor or ", "Keep all ", "Aa bb cc ", "seal a ", "A-"]
)
def test_hostile_texts_take_no_long_time(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    begun = time.process_time()
    drug_facts.starts(text, 0, len(text))
    drug_facts.warnings_named(text)
    drug_facts.bears(text, "dull warning")
    drug_facts.TAMPER.search(text)
    drug_facts.states_use(text)
    assert time.process_time() - begun < 10
