"""Questions that ask for a result: told by their wording; the passage that holds numbers goes up for them alone."""

from __future__ import annotations

import pytest

from assistant.answering.results import asks_for_a_result, has_row_of, share_of_results
from assistant.pipeline import Assistant
from tests.ranking import ranked_by


@pytest.mark.parametrize(
    "question",
    [
        "what share of pretreated patients responded?",
        "headache % vs pbo",
        "how many stopped because of rash",
        "ORR in the first cohort",
        "PASI 75 in children",
        "ACR20 at week 12",
        "median time to response",
        "Did anyone die in the extension?",
        "how many the medicine kids vs untreated had no decline?",
        "how often did they have a serious low",
        "vs placebo at week 16",
        "d/c for AEs in the second trial",
        "who dropped out because of rash",
    ],
)
def test_wording_that_asks_for_a_result(question: str) -> None:
    assert asks_for_a_result(question)


@pytest.mark.parametrize(
    "question",
    [
        "how many tablets a day",
        "How often does my son have to come in for the drip?",
        "hr before a meal",  # no hazard ratio
        "what is it for",
        "How often do I take it?",
        "how many puffs a day",
        "what rate should the infusion run at",
        "can I use the 5% cream",
        "AUC 100 mg",
        "can it be given with PCV20?",
        "Hb 90",
        "what number do I call to report a side effect",
        "does it raise my heart rate",
        "how was the trial designed?",
        "when do I d/c it",
        "",
    ],
)
def test_wording_that_asks_for_none(question: str) -> None:
    assert not asks_for_a_result(question)


def test_a_table_is_results_and_a_page_of_prose_hardly() -> None:
    table = "Overall response rate, n (%) 29 (33%) (95% CI) (23, 44) Complete response 10 (11) Partial response 19 (22)"
    prose = "Patients with untreated metastases were enrolled at 35 sites and followed for at least 6 months. " * 4
    assert share_of_results(table) > 0.8
    assert share_of_results(prose) == share_of_results("") == 0
    # Numbers of sections are none.
    assert share_of_results("Monitor liver enzymes (2.3) before use (6.1) [see Contraindications (4), (8.6)].") == 0
    assert 0 < share_of_results(prose + "Of them 12% died.") < 0.5


@pytest.mark.parametrize("text", ["(" * 60_000, "1 " * 60_000, "9" * 60_000, "p  " * 20_000, "how many " * 10_000])
def test_endless_texts_take_no_endless_time(text: str) -> None:
    assert 0 <= share_of_results(text) <= 1
    asks_for_a_result(text)


def test_the_passage_with_results_goes_up_where_one_is_asked_for(quick: Assistant) -> None:
    ranked = {
        (question, weight): ranked_by(quick, question, "trial", results=weight)
        for question in ("what percentage responded in the trial", "how was the trial made")
        for weight in (0.0, 50.0)
    }
    first = ranked["what percentage responded in the trial", 50.0][0]
    assert first.results == max(
        candidate.results for candidate in ranked["what percentage responded in the trial", 0.0]
    )
    assert "%" in quick.index.load(first.entry).text.decode()
    # Another question is ranked as ever, and a passage that is no report holds no result.
    assert ranked["how was the trial made", 0.0] == ranked["how was the trial made", 50.0]
    directions = [c for c in ranked["what percentage responded in the trial", 50.0] if c.entry.head.topic == "dosage"]
    assert directions
    assert not any(candidate.results for candidate in directions)


def test_a_row_is_the_event_and_two_numbers() -> None:
    for text in ("Vomiting 60 3 Nausea 65 3 24 < 1", "Nausea 65 (12) 3", "nausea 6.5% < 1", "Nausea a 12 3"):
        assert has_row_of(text, "nausea"), text
    assert has_row_of("Back pain 12 4", "back pain")
    for text in ("nausea (2.1%), diarrhea (1.7%)", "nausea, 5 of 12", "Nauseating 12 4", "nausea", ""):
        assert not has_row_of(text, "nausea"), text
    assert not has_row_of("12 4", "")
