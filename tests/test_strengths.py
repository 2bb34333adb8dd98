"""A strong inhibitor's dose cut is none for a moderate one; what two roles together call for is none for one alone."""

from __future__ import annotations

import pytest

from assistant.answering import drug_classes
from assistant.answering.drug_classes import strengths_of
from assistant.answering.strengths import meant_in, mentions

_COMBINED = "Halve the dose of ZED with combined P-gp and strong CYP3A4 inhibitors."


@pytest.mark.parametrize(
    ("text", "substance", "means"),
    [
        (_COMBINED, "itraconazole", True),
        (_COMBINED, "sporanox", True),  # by its brand
        (_COMBINED, "diltiazem", False),
        (_COMBINED, "voriconazole", False),  # strong, and no inhibitor of P-gp
        (_COMBINED, "amiodarone", False),  # of P-gp alone
        (_COMBINED, "rifampin", False),  # the other way round
        (_COMBINED, "cetirizine", None),
        ("Halve the dose with P-gp and strong CYP3A inhibitors.", "verapamil", False),
        ("Avoid inhibitors of P-gp or strong CYP3A inhibitors.", "verapamil", True),
        ("Avoid strong CYP3A4 inhibitors.", "voriconazole", True),
        ("Avoid potent inhibitors of CYP3A4.", "fluconazole", False),
        ("Reduce it with moderate or strong CYP3A4 inhibitors.", "fluconazole", True),
        ("Reduce it with inhibitors of CYP3A4 (strong or moderate).", "fluconazole", True),
        ("CYP3A4 inhibitors raise its levels.", "fluconazole", True),
        # Where a passage grades them it means what it grades.
        ("CYP3A4 inhibitors raise its levels. With strong CYP3A4 inhibitors, halve the dose.", "fluconazole", False),
        ("Strong CYP3A4 inhibitors: avoid.\nModerate CYP3A4 inhibitors: halve the dose.", "fluconazole", True),
        ("Avoid strong inducers of CYP3A4.", "efavirenz", False),
        ("Avoid strong CYP3A4 inhibitors or inducers.", "rifampin", True),
        ("Avoid strong CYP3A4 inhibitors or inducers.", "diltiazem", False),
        # How strong it is varies by what is drunk, or by edition: it may be one of these.
        ("Avoid strong CYP3A4 inhibitors.", "grapefruit", True),
        ("Avoid strong CYP3A4 inducers.", "rifabutin", True),
        (_COMBINED, "grapefruit", False),  # and no inhibitor of P-gp
        # A strength of the patient's illness is none of the inhibitor.
        ("In patients with moderate renal impairment receiving CYP3A inhibitors, avoid use.", "ketoconazole", True),
        ("With mild, moderate, or severe renal impairment or CYP3A inhibitors, avoid use.", "ketoconazole", True),
        ("With mild to severe hepatic impairment or CYP3A inhibitors, avoid use.", "ketoconazole", True),
        (
            "In patients with moderate renal impairment receiving strong CYP3A inhibitors, avoid use.",
            "diltiazem",
            False,
        ),
        ("Zed is not an inhibitor of CYP3A4. It does not induce CYP3A4.", "diltiazem", None),
        ("Do not give it with CYP3A4 inhibitors.", "diltiazem", True),
    ],
)
def test_whom_a_passage_means(text: str, substance: str, means: bool | None) -> None:
    assert meant_in(text, strengths_of(substance)) is means


def test_each_kind_is_a_mention() -> None:
    found = list(mentions("Strong CYP3A inhibitors: avoid. Moderate CYP2D6 inhibitors: watch. Enzyme inhibitors."))
    assert [(sorted(one.roles), sorted(one.strengths)) for one in found] == [
        (["cyp3a inhibitor"], ["strong"]),
        (["cyp2d6 inhibitor"], ["moderate"]),
    ]


def test_nothing_is_graded_twice() -> None:
    for role, by_strength in drug_classes._GRADED.items():
        substances = [name for listed in by_strength.values() for name in listed.split()]
        assert len(set(substances)) == len(substances), role
        assert set(by_strength) <= {"strong", "moderate", "weak", ""}


def test_what_is_not_graded_has_no_strength() -> None:
    assert strengths_of("azithromycin") == {"p gp inhibitor": ""}
    assert not strengths_of("midazolam")  # only acted on
    assert not strengths_of("nowhere")
