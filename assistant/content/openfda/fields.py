"""The fields of an openFDA label record: their codes and titles, which hold others, and the parts a text is cut into.

Guarantees: tables of names and plain values only; nothing here reads, cuts or decides what is retrieved, and no text
is altered. A field that is in no table has no code, and its name as title.

Sources: openFDA drug label API, searchable fields; LOINC codes of FDA's section headings; 21 CFR 201.56, .57, .66.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: Field -> LOINC code, title, number of its section where it has a fixed one.
FIELDS: Mapping[str, tuple[str, str, str]] = {
    "boxed_warning": ("34066-1", "Boxed Warning", ""),
    "indications_and_usage": ("34067-9", "Indications and Usage", "1"),
    "dosage_and_administration": ("34068-7", "Dosage and Administration", "2"),
    "dosage_forms_and_strengths": ("43678-2", "Dosage Forms and Strengths", "3"),
    "contraindications": ("34070-3", "Contraindications", "4"),
    "warnings_and_cautions": ("43685-7", "Warnings and Precautions", "5"),
    "warnings": ("34071-1", "Warnings", ""),
    "precautions": ("42232-9", "Precautions", ""),
    "general_precautions": ("34072-9", "General Precautions", ""),
    "adverse_reactions": ("34084-4", "Adverse Reactions", "6"),
    "drug_interactions": ("34073-7", "Drug Interactions", "7"),
    "drug_and_or_laboratory_test_interactions": ("34074-5", "Drug/Laboratory Test Interactions", ""),
    "laboratory_tests": ("34075-2", "Laboratory Tests", ""),
    "use_in_specific_populations": ("43684-0", "Use in Specific Populations", "8"),
    "pregnancy": ("42228-7", "Pregnancy", "8"),
    "teratogenic_effects": ("34077-8", "Teratogenic Effects", ""),
    "nonteratogenic_effects": ("34078-6", "Nonteratogenic Effects", ""),
    "labor_and_delivery": ("34079-4", "Labor and Delivery", ""),
    "lactation": ("77290-5", "Lactation", "8"),
    "nursing_mothers": ("34080-2", "Nursing Mothers", ""),
    "pediatric_use": ("34081-0", "Pediatric Use", "8"),
    "geriatric_use": ("34082-8", "Geriatric Use", "8"),
    "drug_abuse_and_dependence": ("42227-9", "Drug Abuse and Dependence", "9"),
    "controlled_substance": ("34085-1", "Controlled Substance", "9"),
    "abuse": ("34086-9", "Abuse", "9"),
    "dependence": ("34087-7", "Dependence", "9"),
    "overdosage": ("34088-5", "Overdosage", "10"),
    "description": ("34089-3", "Description", "11"),
    "clinical_pharmacology": ("34090-1", "Clinical Pharmacology", "12"),
    "mechanism_of_action": ("43679-0", "Mechanism of Action", "12"),
    "pharmacodynamics": ("43681-6", "Pharmacodynamics", "12"),
    "pharmacokinetics": ("43682-4", "Pharmacokinetics", "12"),
    "microbiology": ("49489-8", "Microbiology", "12"),
    "pharmacogenomics": ("66106-6", "Pharmacogenomics", "12"),
    "nonclinical_toxicology": ("43680-8", "Nonclinical Toxicology", "13"),
    "carcinogenesis_and_mutagenesis_and_impairment_of_fertility": (
        "34083-6", "Carcinogenesis, Mutagenesis, Impairment of Fertility", "13"),
    "animal_pharmacology_and_or_toxicology": ("34091-9", "Animal Toxicology and/or Pharmacology", "13"),
    "clinical_studies": ("34092-7", "Clinical Studies", "14"),
    "references": ("34093-5", "References", "15"),
    "how_supplied": ("34069-5", "How Supplied", "16"),
    "storage_and_handling": ("44425-7", "Storage and Handling", "16"),
    "information_for_patients": ("34076-0", "Patient Counseling Information", "17"),
    "spl_medguide": ("42231-1", "Medication Guide", ""),
    "spl_patient_package_insert": ("42230-3", "Patient Information", ""),
    "patient_medication_information": ("68498-5", "Patient Information", ""),
    "instructions_for_use": ("59845-8", "Instructions for Use", ""),
    "information_for_owners_or_caregivers": ("", "Information for Owners or Caregivers", ""),
    "active_ingredient": ("55106-9", "Active Ingredient", ""),
    "inactive_ingredient": ("51727-6", "Inactive Ingredients", ""),
    "purpose": ("55105-1", "Purpose", ""),
    "do_not_use": ("50570-1", "Do Not Use", ""),
    "ask_doctor": ("50569-3", "Ask a Doctor", ""),
    "ask_doctor_or_pharmacist": ("50568-5", "Ask a Doctor or Pharmacist", ""),
    "when_using": ("50567-7", "When Using This Product", ""),
    "stop_use": ("50566-9", "Stop Use", ""),
    "pregnancy_or_breast_feeding": ("53414-9", "If Pregnant or Breast-Feeding", ""),
    "keep_out_of_reach_of_children": ("50565-1", "Keep Out of Reach of Children", ""),
    "other_safety_information": ("60561-8", "Other Information", ""),
    "questions": ("53413-1", "Questions", ""),
    "recent_major_changes": ("43683-2", "Recent Major Changes", ""),
    "package_label_principal_display_panel": ("51945-4", "Package Label", ""),
    "spl_unclassified_section": ("42229-5", "", ""),
}  # fmt: skip

NOT_FOR_PEOPLE = frozenset({"spl_product_data_elements"})
NEVER_RETRIEVED = frozenset({"recent_major_changes", "package_label_principal_display_panel"})
PATIENT_FIELDS = frozenset({
    "spl_medguide", "spl_patient_package_insert", "patient_medication_information", "instructions_for_use",
    "information_for_owners_or_caregivers",
})  # fmt: skip
#: Fields that hold others, most general first: they yield to a field with the same text.
HOLDERS = (
    "spl_unclassified_section", "precautions", "warnings", "warnings_and_cautions", "use_in_specific_populations",
    "clinical_pharmacology", "nonclinical_toxicology", "drug_abuse_and_dependence", "how_supplied", "pregnancy",
)  # fmt: skip

_PATIENT_TEXT = re.compile(
    r"\W*(this )?(medication guide|patient (information|package insert|labeling|instructions)|instructions for use"
    r"|what is .{3,80}\?|fda[- ]approved (patient labeling|medication guide)|fact sheet for patients)",
    re.IGNORECASE,
)
#: The number a section's text begins with.
OWN_NUMBER = re.compile(r"\s*(\d{1,2}(?:\.\d{1,2}){0,2})(?:\.?\s+(?=[A-Z\"“]|\([A-Za-z])|\.(?=[A-Z]))")


@dataclass(frozen=True, slots=True)
class Field:
    """An occurrence of a field; ``order``: its place among all of the record's."""

    name: str
    text: str
    order: int

    @property
    def loinc(self) -> str:
        return FIELDS[self.name][0] if self.name in FIELDS else ""

    @property
    def title(self) -> str:
        return FIELDS[self.name][1] if self.name in FIELDS else self.name.replace("_", " ").capitalize()

    @property
    def patient(self) -> bool:
        return self.name in PATIENT_FIELDS or (
            self.name == "spl_unclassified_section" and bool(_PATIENT_TEXT.match(self.text))
        )

    @property
    def rank(self) -> int:
        """How specific the field is: holders of other fields are the least."""
        return HOLDERS.index(self.name) if self.name in HOLDERS else len(HOLDERS)


@dataclass(frozen=True, slots=True)
class Inner:
    """A field inside a root's text."""

    start: int
    end: int
    field: Field


@dataclass(frozen=True, slots=True)
class Heading:
    """A numbered subsection heading in a root's text; ``end``: where its title begins."""

    at: int
    end: int
    number: tuple[int, ...]

    @property
    def label(self) -> str:
        return ".".join(map(str, self.number))


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of a root's text that becomes a passage, and the fields it stands in, outermost first.

    ``headed``: how many characters at its beginning are a bare heading above it. ``lead``: where the title or lead-in
    stands without which it says nothing; -1: nowhere. ``run_ins``: where the run-in headings stand that are in force
    where it begins, one in capitals before one below it. ``procedure``: where the procedure begins of which this piece
    holds a part and others hold the rest; -1: none.
    """

    start: int
    end: int
    path: tuple[Field, ...]
    role: str = ""
    headed: int = 0
    lead: int = -1
    run_ins: tuple[int, ...] = ()
    procedure: int = -1

    @property
    def own(self) -> int:
        """Where its own words begin."""
        return self.start + self.headed


def heading_line(root: Field) -> str:
    """The root's own heading: its number and the title of its field ("5 Warnings and Precautions")."""
    own = OWN_NUMBER.match(root.text)
    if not root.title:
        return ""
    begins = re.match(re.escape(root.title), root.text[own.end() if own else 0 :].lstrip(), re.IGNORECASE)
    words = begins[0] if begins else root.title
    return f"{own[1]} {words}" if own and "." not in own[1] else words
