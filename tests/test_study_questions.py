"""Questions for a study's result that tell of nobody: the model's flag needs more there, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.answering.planning import raised
from assistant.answering.study_questions import asks_of_a_study
from assistant.content.policy import Policy, parse_policy
from assistant.domain import Flag
from assistant.understanding.choosing import Choosing
from assistant.workspace import starter_root

POLICY: Policy = parse_policy((starter_root() / "approved_corpus" / "policy.yaml").read_bytes(), Path("policy.yaml"))[0]


@pytest.mark.parametrize(
    "question",
    [
        "the medicine third line, relapse <60 d: ORR per investigator?",
        "Renal doc wants the responder rate, Study 2, drug vs pbo + CI",
        "doc wants the difference from the extension study - mean change vs placebo at wk 20?",
        "Need the valvulopathy % by cumulative dose for a tumor board - 200, 300 and 400",
        "In BRAVADO at the median follow-up of 40 months, what was the hazard ratio for DFS?",
        "the medicine Study I, platelet gain at 9 mo on the high-dose arm?",
        "rash rate for our the medicine 200, trials?",
        "Response rate in the pivotal trial? Numbers please.",
    ],
)
def test_who_asks_for_a_studys_result_tells_of_nobody(question: str) -> None:
    assert asks_of_a_study(question)


@pytest.mark.parametrize(
    "question",
    [
        "What proportion stopped it for nausea in the pivotal study? Mine lasted four days.",
        "response rate in the trial, week 12 (ours: none)",
        "Rash at week two. How many in the trials had one?",
        "How many patients responded in the trial hives all over",
        "doc wants the response rate vs placebo hives all over her arms",
        "doc wants the response rate vs placebo hives everywhere since Monday?",
        "hives all over What was the ORR in the pivotal study?",
        "her ALT is 300, what was the rate in the trials?",
        "ORR in the trial? ANC 0.4 under treatment.",
        "ORR in the trial? A colleague in Turin gave up at month three.",
        "Sleep study shows apnoea. Any reduction?",
        "after two cycles the scan is worse, what was the response rate in the study?",
        "What was the ORR in the trial, two died in week 3?",
        "How many people in the study stopped because of rash as three on the ward did?",
        "Rate of stillbirth in the pregnancy cohort, partner miscarried week 9?",
        "Which percentage of patients bled in the trial, spouse bleeding badly on it?",
        "How many patients in the trial developed anaphylaxis, Jane collapsed?",
        "how common is rash",  # of no study
        "how was the trial designed?",  # no result
        "",
    ],
)
def test_in_doubt_somebody_is_told_of(question: str) -> None:
    assert not asks_of_a_study(question)


def test_the_model_alone_raises_a_report_over_a_studys_question_only_where_it_is_surer() -> None:
    def flags(share: float, *, of_a_study: bool, screened: tuple[Flag, ...] = ()) -> frozenset[Flag]:
        heard = Choosing((), flags={"adverse_event": share, "emergency": 0.7})
        return raised(screened, heard, POLICY.thresholds, of_a_study=of_a_study)

    assert Flag.ADVERSE_EVENT in flags(0.08, of_a_study=False)
    assert Flag.ADVERSE_EVENT not in flags(0.08, of_a_study=True)
    assert Flag.ADVERSE_EVENT in flags(0.3, of_a_study=True)
    # What the screen finds stands, and so does any other flag.
    assert Flag.ADVERSE_EVENT in flags(0.08, of_a_study=True, screened=(Flag.ADVERSE_EVENT,))
    assert Flag.EMERGENCY in flags(0.08, of_a_study=True)
