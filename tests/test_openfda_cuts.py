"""Where openFDA's texts are cut beside tables, procedures and headings of leaflets; all texts are invented."""

from __future__ import annotations

import pytest

from assistant.content.openfda.animal_data import of_animals
from assistant.content.openfda.behind_tables import headings_behind, headings_of_reproduction
from assistant.content.openfda.delayed_rows import end_behind_notes, groups_of_doses
from assistant.content.openfda.procedures import procedures
from assistant.content.writing import DocumentDraft
from tests.test_openfda import DIRECTIONS, ROWS, read, sentences

DOSES = "Day 1 Day 2 Day 3 10 mg 10 mg 20 mg 20 mg 30 mg ZORVANTA 30 mg twice daily"
HEADING = "Pediatric Patients 6 Years of Age and Older with Doze or Moderate to Severe Torpor"
DOSED = "The recommended dosage for pediatric patients is based on body weight."


def texts(draft: DocumentDraft) -> list[str]:
    return [passage.text for passage in draft.passages]


# --- behind tables --------------------------------------------------------------------------------------------------


def test_a_heading_behind_a_tables_last_cell_goes_with_what_it_heads() -> None:
    table = f"Table 1. Doses for Adults {DOSES}"
    text = f"{DIRECTIONS}{sentences(14)} {table} {HEADING} {DOSED} {sentences(12)}"
    draft = read(dosage_and_administration=[text])
    assert any(one.endswith(table) for one in texts(draft))
    (child,) = [one for one in draft.passages if DOSED in one.text]
    assert child.text.startswith(HEADING) and HEADING in child.title


@pytest.mark.parametrize(
    "row",
    [
        "Pediatric Patients 10 mg 20 mg 30 mg",
        "Other Torpor No dose change is required",
        "Adults with Doze The usual dose is once daily 10 20 30 40 50 60 70 80 90",
    ],
)
def test_a_row_that_begins_like_a_heading_is_none(row: str) -> None:
    text = f"Table 1. Doses {DOSES} {row} {DOSES}"
    assert headings_behind(text, [0], 0, len(text)) == []


def test_the_columns_of_a_table_of_changes_head_nothing() -> None:
    text = "Table 7: Dose Modification Grade 1 or 2 Grade 3 Grade 4 Other Torpors No dose change is required in any."
    assert headings_behind(text, [0], 0, len(text)) == []


def test_a_trials_heading_is_cut_before() -> None:
    name = "SLUMBER-2: ZORVANTA with Placebol in Adults with Doze SLUMBER-2 (NCT00000000) was a made up trial."
    table = f"Table 3: Dullness {ROWS} Figure 1: Dullness over Time"
    text = f"14 CLINICAL STUDIES {sentences(12)} {table} {name} {sentences(12)}"
    assert any(one.startswith(name) for one in texts(read(clinical_studies=[text])))


def test_a_trials_name_is_no_part_of_a_title() -> None:
    text = f"14 CLINICAL STUDIES 14.1 Doze of Adults SLUMBER-2: ZORVANTA in Adults {sentences(30)}"
    assert read(clinical_studies=[text]).passages[0].title == "Doze of Adults"


def test_a_heading_below_another_is_not_parted_from_it() -> None:
    text = f"Table 1. Dullness {ROWS} Pediatric Patients (10 to 17 years) Doze at Noon The following was seen in them."
    assert [text[at : at + 18] for at in headings_behind(text, [0], 0, len(text))] == ["Pediatric Patients"]


def test_a_title_with_figures_is_not_cut_inside() -> None:
    text = f"Table 1. Dullness {ROWS} Doze with Gene 19 or Gene 21 L858R Substitution Changes The data below are it."
    assert headings_behind(text, [0], 0, len(text)) == []


# --- tables ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        "Rate of dozing Reported rates are the highest of up to three naps (naps) 52 (30) 53 (33)",  # a note in a row
        "Placebo (N=465) 1.30",
    ],
)
def test_rows_behind_a_footnote_inside_a_table_stay_in_it(more: str) -> None:
    table = f"Table 3: Dullness {ROWS} {more}"
    after = "In both of the trials ZORVANTA was better than nothing at all when it was given to patients."
    text = f"14 CLINICAL STUDIES {sentences(12)} {table} {after} {sentences(12)}"
    assert any(table in one for one in texts(read(clinical_studies=[text])))


def test_a_tables_last_figure_behind_a_footnote_stays_in_it() -> None:
    table = f"Table 3: Dullness {ROWS} The dullness was 99% of that of the dullest tablets there are. 99"
    text = f"14 CLINICAL STUDIES {sentences(12)} {table} Dosage was the same in each of them. {sentences(14)}"
    found = texts(read(clinical_studies=[text]))
    assert any(table in one for one in found) and not any(one.startswith("99") for one in found)


def test_a_tables_number_may_have_a_point() -> None:
    table = f"Table 14.3: Dullness {ROWS}"
    text = f"14 CLINICAL STUDIES {sentences(15)} {table} {sentences(20)}"
    assert any(one.startswith("Table 14.3:") for one in texts(read(clinical_studies=[text])))


# --- rows that stand apart from their title ---------------------------------------------------------------------------

VIALS = " ".join(f"{n}5 mg {n} {n} {n}.6 mL" for n in range(1, 9))
NOTE = "All doses in the table are approved for use in patients with doze."


@pytest.mark.parametrize("notes", [NOTE, f"The 15 mg, 25 mg, 35 mg, 45 mg and 55 mg doses are for torpor. {NOTE}"])
def test_a_title_is_not_parted_from_its_rows_by_footnotes(notes: str) -> None:
    text = f"{DIRECTIONS}{sentences(20)} Table 4. Number of Vials ZORVANTA Dose {notes} {VIALS} {sentences(12)}"
    (found,) = [one for one in texts(read(dosage_and_administration=[text])) if NOTE in one]
    assert found.startswith("Table 4. Number of Vials") and VIALS in found


def test_a_report_behind_a_title_is_no_footnote() -> None:
    text = f"Table 4. Number of Vials. {sentences(3)} {VIALS}"
    places = [26, text.index("15 mg"), len(text)]
    assert end_behind_notes(text, places, (0, 26)) == 26


CELLS = (
    "Adults with Doze Induction: 10 mg twice daily for 8 weeks. Discontinue after 16 weeks if they still doze. "
    "Maintenance: 5 mg twice daily. For patients who doze again, 10 mg twice daily may be considered. "
    "Patients with Renal Impairment The made up substance leaves by the kidneys. Mild impairment Same as others. "
    "Moderate impairment Induction: 5 mg twice daily for 8 weeks."
)


def test_a_table_of_doses_told_in_sentences_stays_whole_with_its_title() -> None:
    table = f"Table 3: Recommended Dosage for Doze Excludes those awake. {CELLS}"
    text = f"{DIRECTIONS}{sentences(12)} {table} Table 4: Yawns {ROWS} {sentences(12)}"
    assert any(one.startswith(table) for one in texts(read(dosage_and_administration=[text])))


def test_a_longer_one_is_cut_between_groups_of_patients_which_go_with_its_title() -> None:
    more = " ".join(f"Maintenance: {n} mg once daily. Use the lowest dose that keeps awake." for n in range(1, 40))
    table = f"Table 3: Recommended Dosage for Doze Excludes those awake. {CELLS} {more}"
    text = f"{DIRECTIONS}{sentences(12)} {table} Table 4: Yawns {ROWS} {sentences(12)}"
    draft = read(dosage_and_administration=[text])
    (head,) = [i for i, one in enumerate(draft.passages) if one.text.startswith("Table 3")]
    assert "Induction: 10 mg" in draft.passages[head].text and "Renal" not in draft.passages[head].text
    (group,) = [one for one in draft.passages if one.text.startswith("Patients with Renal Impairment")]
    assert group.companions == (head,)


def test_sentences_behind_a_table_of_doses_are_no_cells() -> None:
    title = "Table 3: Recommended Dosage for Doze 5 mg."
    text = f"{title} {sentences(6)} Table 4: Yawns"
    starts = [i for i in range(1, len(text)) if text.startswith("Norvastigline", i)]
    assert groups_of_doses(text, starts, (0, len(title) + 1), len(text) - 14) == []


# --- headings that regulations fix ------------------------------------------------------------------------------------


def test_what_is_said_of_men_does_not_go_with_a_table_for_women() -> None:
    women = "Table 9 Methods for Females Pick from these options Option 1 Made up device OR Option 2 Made up ring"
    men = f"Male Patients Made up effects were seen. Based on this risk, men use it for 90 days. {sentences(4)}"
    text = f"8.3 Females and Males of Reproductive Potential {sentences(24)} {women} {men}"
    draft = read(use_in_specific_populations=[f"8 USE IN SPECIFIC POPULATIONS {text}"])
    (found,) = [one for one in draft.passages if one.text.startswith("Male Patients Made up")]
    assert "90 days" in found.text and found.title.endswith(": Male Patients")


def test_a_sentence_on_females_is_no_heading() -> None:
    text = "8.3 Females and Males of Reproductive Potential Advise all. Females of reproductive potential use it. " * 9
    assert headings_of_reproduction(text, 0, len(text)) == []
    assert headings_of_reproduction(f"5.1 Doze {sentences(4)} Infertility It may come.", 0, 400) == []


def test_what_animals_showed_is_no_dose_of_a_child() -> None:
    rats = "Juvenile Animal Toxicity Data Rats were given 100 mg/kg/day and did not wake up. The pups dozed."
    text = f"8.4 Pediatric Use {sentences(26)} {rats} {sentences(9, 'The rats dozed')}"
    draft = read(pediatric_use=[text])
    (found,) = [one for one in draft.passages if rats in one.text]
    assert found.text.startswith("Juvenile") and found.topic == "nonclinical" and "pediatric" in found.also
    assert draft.passages[0].topic == "pediatric"


@pytest.mark.parametrize("text", ["Animal Data Rats dozed. Infants with doze need care.", "Rats were seen once."])
def test_what_is_said_of_patients_too_is_not_of_animals_alone(text: str) -> None:
    assert not of_animals(text)


def test_whose_age_an_animals_stands_for_is_no_patient() -> None:
    said = "Rats dozed from day 10 (approximately equivalent to a 6- to 12-month old infant). The {} woke on day 30."
    assert of_animals(said.format("rats"))
    assert not of_animals(said.format("infants"))


def test_a_note_goes_with_what_it_is_on() -> None:
    text = f"{DIRECTIONS}{sentences(18)} Important: do not do this twice. {sentences(18)}"
    found = texts(read(dosage_and_administration=[text]))
    assert len(found) > 1 and not any(one.startswith("Important") for one in found)


# --- procedures -----------------------------------------------------------------------------------------------------

STEPS = ("Remove the base", "Insert the cartridge", "Turn the base", "Open the cap", "Press the button")


def counted(words: str, mark: str = "{n}. ") -> str:
    return " ".join(f"{mark.format(n=n)}{step} {words}" for n, step in enumerate(STEPS, start=1))


CALM = "Keep calm and hold it for the count of ten. Do not let it go before that."


@pytest.mark.parametrize("mark", ["{n}. ", "{n}) ", "Step {n}: ", "STEP {n} "])
def test_a_procedure_stays_in_one_piece_with_its_heading(mark: str) -> None:
    steps = counted(f"{CALM} {CALM} {CALM}", mark)
    text = f"Instructions for Use {sentences(10)} Getting it ready {steps} {sentences(14)}"
    (found,) = [one for one in read(instructions_for_use=[text]).passages if STEPS[0] in one.text]
    assert f"Getting it ready {steps}" in found.text and not found.companions


def test_a_professionals_procedure_stays_in_one_piece_with_what_leads_to_it() -> None:
    lead = "Mix the made up powder with made up water in a clean room, as the pharmacist was told to, in these steps:"
    steps = f"{counted(f'{CALM} {CALM} {CALM}', '{n}) ')} {CALM} {CALM} {CALM} {CALM}"
    text = f"{DIRECTIONS}{sentences(14)} {lead} {steps} Do not freeze. {sentences(14)}"
    (found,) = [one for one in texts(read(dosage_and_administration=[text])) if STEPS[0] in one]
    assert f"{lead} {steps}" in found


def test_a_procedure_that_is_too_long_is_cut_before_steps_and_its_pieces_go_together() -> None:
    steps = counted(" ".join([CALM] * 14))
    text = f"Instructions for Use {sentences(20)} {steps} {sentences(20)}"
    draft = read(instructions_for_use=[text])
    parts = [i for i, one in enumerate(draft.passages) if any(step in one.text for step in STEPS)]
    assert len(parts) > 1
    for i in parts:
        assert draft.passages[i].companions == tuple(other for other in parts if other != i)
        assert draft.passages[i].text[0].isdigit()
    assert not any(one.companions for i, one in enumerate(draft.passages) if i not in parts)


def test_numbered_warnings_are_no_procedure() -> None:
    text = "1. Trouble with the skin. It may peel. 2. Low sugar. It may fall. 3. Torpor. It may come."
    assert procedures(text, [], 0, len(text)) == []


def test_references_to_steps_are_none() -> None:
    text = "Repeat steps 1. Then see Step 2: below, and Step 3: behind it. Use 1. Take it."
    assert procedures(text, [], 0, len(text)) == []


def test_steps_behind_a_question_about_storing_are_no_storing() -> None:
    steps = counted(" ".join([CALM] * 3), "Step {n}: ")
    text = f"Instructions for Use {sentences(9)} How should I store ZORVANTA? {sentences(6)} {steps} {sentences(12)}"
    draft = read(instructions_for_use=[text])
    (found,) = [one for one in draft.passages if STEPS[0] in one.text]
    assert "store" not in found.title and found.topic != "storage"
    assert any(one.title == "How should I store ZORVANTA?" for one in draft.passages)


# --- headings of leaflets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    [
        "How to store your ZORVANTA inhaler", "When to get a new ZORVANTA inhaler", "Storing ZORVANTA", "Daily use",
        "Prepare for first use", "Cleaning your inhaler", "Answers to Common Questions",
    ],
)  # fmt: skip
def test_a_leaflets_heading_is_cut_before_and_gives_its_title(heading: str) -> None:
    text = f"Instructions for Use {sentences(14)} {heading} Keep it closed and dry. {sentences(14)}"
    (found,) = [one for one in read(instructions_for_use=[text]).passages if heading in one.text]
    assert found.text.startswith(heading) and found.title == heading


@pytest.mark.parametrize(
    "words",
    [
        "How to use your inhaler is said below by those who know it.",
        "Storing ZORVANTA in a car makes it dull.",
        'See "How to store your inhaler" below.',
        "Daily use of it makes patients dull.",
        "5. Cleaning your inhaler Wash it.",
    ],
)
def test_words_that_go_on_as_a_sentence_head_no_leaflet(words: str) -> None:
    text = f"Instructions for Use {sentences(14)} {words} {sentences(14)}"
    assert {one.title for one in read(instructions_for_use=[text]).passages} == {"Instructions for Use"}
