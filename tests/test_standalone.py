"""The stand-alone verifier: what it proves, every byte that it guards, and that it agrees with the first verifier."""

from __future__ import annotations

import ast
import base64
import datetime as dt
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("tuf", reason="python-tuf is not installed (extra `trust`)")
pytest.importorskip("cryptography", reason="cryptography is not installed (extra `trust`)")

from assistant.canonical import canonical_json, sha256_hex
from assistant.content.policy import ApprovalRules
from assistant.domain import CHANNELS, Context, Flag, Kind, Outcome
from assistant.errors import IntegrityError, UsageError
from assistant.serving.commands.verify import verify_command
from assistant.trust.ledger import Ledger, TemplateRecord
from assistant.trust.receipts import check_receipt
from assistant.trust.standalone import onlabel_verify as standalone
from assistant.trust.standalone.onlabel_verify import RefusedError
from assistant.trust.withdrawn import Withdrawn
from tests import standalone_release as small
from tests.standalone_release import CARRIED, Content, Key, SmallRelease, approval, holder, install, stamped, withdrawal
from tests.test_verification import (
    AE,
    AE_NOTICE,
    BENEFIT,
    HCP,
    LIVER,
    PASSAGES,
    SCOPE,
    TODAY,
    Block,
    Claimed,
    assemble,
    byte_attacks,
    span_attacks,
)

FILE = Path(standalone.__file__)
DAY = TODAY.isoformat()
Answer = dict[str, Any]

CLAIMS: dict[str, tuple[tuple[Block, ...], dict[str, Any]]] = {
    "benefit": (BENEFIT, {}),
    "safety": (LIVER, {}),
    "three answers": ((("t-answer", "z.liver z.dose z.kidney"), ("t-after", "z.boxed")), {}),
    "template of one intent": ((("t-dosage", "z.dose"), ("t-after", "z.boxed")), {"intent": "dosage"}),
    "companion that is an answer": ((("t-answer", "z.boxed z.liver"),), {}),
    "notice": ((("t-notice", "all.outcome.medical_advice"),), {"outcome": Outcome.MEDICAL_ADVICE}),
    "human_handoff": ((("t-notice", "all.intent.human_handoff"),), {"intent": "human_handoff"}),
    "language": ((("t-notice", "all.language.unsupported"),), {"outcome": Outcome.OUT_OF_SCOPE}),
    "adverse event": ((AE_NOTICE, ("t-answer", "z.liver z.dose"), ("t-after", "z.boxed")), AE),
    "flagged": (LIVER, {"flags": frozenset({Flag.ATTACK})}),
}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallRelease]:
    made = small.make_release(tmp_path_factory.mktemp("release"))
    with made.world.ledger:
        yield made


@pytest.fixture(scope="module")
def sealed(released: SmallRelease) -> standalone.Sealed:
    return released.sealed()


def claim(released: SmallRelease, name: str = "safety") -> Claimed:
    blocks, more = CLAIMS[name]
    return assemble(released.world, *blocks, **more)


def answer_of(released: SmallRelease, name: str = "safety") -> Answer:
    return released.answer(claim(released, name))


def refused(call: Callable[[], object], rule: str) -> str:
    """Refused under this rule, in words that hold nothing of what was said."""
    with pytest.raises(RefusedError) as caught:
        call()
    message = str(caught.value)
    assert message.startswith(f"{rule}: "), message
    assert not any(passage.text.decode() in message for passage in PASSAGES.values())
    return message


# --- what is proved -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLAIMS)
def test_whatever_the_first_verifier_proves(released: SmallRelease, sealed: standalone.Sealed, name: str) -> None:
    answer = answer_of(released, name)
    check_receipt(answer["receipt"])
    proof = standalone.prove(answer, sealed, DAY)
    assert proof.notes == []
    approved = {(subject["kind"], subject["id"]) for subject, _ in proof.approvals}
    shown = {("passage", span["id"]) for span in answer["spans"] if span["source"] == "passage"}
    framed = {("template", template["id"]) for template in answer["receipt"]["templates"]}
    governing = {(kind, file) for kind, (file, _) in small.FILES.items()}
    documents = {("document", reference["document"]) for reference in answer["references"]}
    assert approved == shown | framed | governing | documents | {("passage", "z.dose"), ("document", "v-doc")}


def test_the_report_says_by_whom_and_when(released: SmallRelease) -> None:
    told = released.verify(answer_of(released))
    assert told["proved"] is True
    assert told["release"] == released.release_field | {"built_at": small.BUILT, "root": 1}
    assert told["not_proved"] == list(standalone.NOT_PROVED)
    liver = next(record for record in told["approved"] if record["id"] == "z.liver")
    assert {(by["printed_name"], by["role"], by["signed_at"], by["meaning"]) for by in liver["by"]} == {
        (name, role, small.SIGNED_AT, "I approve these words.") for role, (name, _) in small.PEOPLE.items()
    }


def test_an_installed_release_proves_the_same(released: SmallRelease, tmp_path: Path) -> None:
    answer = answer_of(released)
    assert install(released, tmp_path / "laptop").verify(answer) == released.verify(answer)


def test_sources_of_an_earlier_answer_are_proved_as_sources(released: SmallRelease, sealed: standalone.Sealed) -> None:
    asked = claim(released, "human_handoff")
    notice = assemble(released.world, ("t-notice", "all.intent.source_request"), intent="source_request")
    answer = released.answer(notice)
    answer["references"].append(small.reference(PASSAGES["z.liver"]))
    standalone.prove(answer, sealed)
    answer["references"][-1]["locator"] = "9"
    refused(lambda: standalone.prove(answer, sealed), "F")
    other = released.answer(asked)
    other["references"].append(small.reference(PASSAGES["z.liver"]))
    refused(lambda: standalone.prove(other, sealed), "F")


# --- one file, anywhere ---------------------------------------------------------------------------------------------


def test_it_needs_nothing_but_the_standard_library() -> None:
    imported = set()
    for node in ast.walk(ast.parse(FILE.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert not node.level
            imported.add(node.module or "")
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_it_runs_when_copied_anywhere(released: SmallRelease, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(FILE, elsewhere / "prove.py")
    files = {"answer.json": json.dumps(answer_of(released)).encode(), "root.json": released.root}
    for name, data in files.items():
        (elsewhere / name).write_bytes(data)
    # -I: no environment, no user's packages, not even the current folder on the path; -S: no site-packages.
    command = [sys.executable, "-I", "-S", "prove.py", "answer.json", "--root", "root.json", "--json"]
    command += ["--release", str(released.folder), "--date", DAY]
    done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == released.verify(answer_of(released))


@pytest.fixture
def files(released: SmallRelease, tmp_path: Path) -> list[str]:
    (tmp_path / "answer.json").write_text(json.dumps(answer_of(released)))
    (tmp_path / "root.json").write_bytes(released.root)
    return [
        str(tmp_path / "answer.json"), "--release", str(released.folder), "--root", str(tmp_path / "root.json"),
    ]  # fmt: skip


def test_the_command_reports_in_80_columns(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert standalone.main(files) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert re.search(r"^PROVED ", out)
    for words in ("Jane Roe, MD, medical, 2026-11-10T09:00:00Z", "Autumn, number 1", "not proved: question"):
        assert words in re.sub(r"\s+", " ", out)
    assert not any(passage.text.decode()[:20] in out for passage in PASSAGES.values())


@pytest.mark.parametrize("as_json", [False, True])
def test_what_is_not_proved_exits_with_4(files: list[str], capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    answer = json.loads(Path(files[0]).read_bytes())
    Path(files[0]).write_text(json.dumps(answer | {"text": answer["text"] + "!"}))
    assert standalone.main([*files, *["--json"][:as_json]]) == 4
    out = capsys.readouterr().out
    assert answer["text"][:20] not in out
    assert json.loads(out)["proved"] is False if as_json else out.startswith("NOT PROVED  V")


def test_called_wrongly_exits_with_2(files: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert standalone.main([str(tmp_path / "none.json"), *files[1:]]) == 2
    assert standalone.main([*files[:2], str(tmp_path / "none"), *files[3:]]) == 2
    assert standalone.main([*files, "--date", "21.11.2026"]) == 2
    with pytest.raises(SystemExit) as ended:
        standalone.main(files[:1])
    assert ended.value.code == 2
    assert not capsys.readouterr().out


def test_onlabel_verify_is_the_same_file(files: list[str], released: SmallRelease, tmp_path: Path) -> None:
    runner = CliRunner()
    done = runner.invoke(verify_command, files)
    assert (done.exit_code, done.output[:6]) == (0, "PROVED")
    laptop = tmp_path / "laptop"
    install(released, laptop)
    # An install keeps the root of trust that it was given; a published release cannot vouch for itself.
    assert runner.invoke(verify_command, [files[0], "--release", str(laptop)]).exit_code == 0
    assert runner.invoke(verify_command, [files[0]], obj=laptop).exit_code == 0
    for too_little in (files[:3], files[:1]):
        assert isinstance(runner.invoke(verify_command, too_little).exception, UsageError)
    assert runner.invoke(verify_command, [*files, "--date", "2026-11-20"]).exit_code == 4


# --- every byte -----------------------------------------------------------------------------------------------------

#: The fields that may be changed unnoticed, in full. A field more is a hole; take it as one.
UNGUARDED = {
    "question", "intent.confidence", "other_intents", "slots", "candidates", "choices[]", "choices[].send",
    "receipt.carried", "receipt.model", "receipt.software",
}  # fmt: skip


def test_the_fields_that_are_not_proved_are_these() -> None:
    assert set(standalone.NOT_PROVED) == UNGUARDED


def declared(path: str) -> bool:
    return any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in UNGUARDED - {"choices[]"}) or (
        path == "choices[]"
    )


def without_declared(value: Any, path: str = "") -> Any:
    """``value`` less all that is not proved."""
    if isinstance(value, dict):
        below = {key: (item, f"{path}.{key}".lstrip(".")) for key, item in value.items()}
        return {key: without_declared(item, at) for key, (item, at) in below.items() if not declared(at)}
    if isinstance(value, list):
        return [without_declared(item, f"{path}[]") for item in value]
    return value


def proved(answer: Any, sealed: standalone.Sealed) -> bool:
    try:
        standalone.prove(answer, sealed, DAY)
    except RefusedError:
        return False
    return True


def short(released: SmallRelease, name: str) -> Answer:
    """An answer whose fields that are not proved are short: there is nothing to learn from flipping their bytes."""
    answer = answer_of(released, name)
    answer |= {"question": "?", "other_intents": [], "candidates": answer["candidates"][:1]}
    return answer | {"choices": answer["choices"][:2]}


def test_every_byte_of_the_file(released: SmallRelease, sealed: standalone.Sealed) -> None:
    """One bit of each byte in turn, all eight over eight bytes: what is still accepted says nothing else."""
    answer = short(released, "safety")
    data = json.dumps(answer, ensure_ascii=False).encode()
    kept = 0
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << at % 8
        try:
            found = standalone.read_json(bytes(flipped), "F")
        except RefusedError:
            continue
        if proved(found, sealed):
            kept += 1
            assert standalone.same(without_declared(found), without_declared(answer)), at
    assert 0 < kept < 250 < len(data)


Mutant = tuple[str, Any]


def mutants(value: Any, path: str = "") -> Iterator[Mutant]:
    """Every small change of a JSON value: (path of what changed, the changed value)."""
    if isinstance(value, dict):
        yield from _of_object(value, path)
    elif isinstance(value, list):
        yield from _of_list(value, path)
    elif isinstance(value, str):
        yield from ((path, changed) for changed in _of_text(value))
    elif isinstance(value, bool):
        yield from ((path, changed) for changed in (not value, int(value), None))
    elif value is None:
        yield from ((path, changed) for changed in ("", False, {}))
    else:
        yield from ((path, changed) for changed in (value + 1, value - 1, str(value), float(value) + 0.5, None))


def _of_text(text: str) -> Iterator[Any]:
    bits = range(8) if len(text) <= 24 else (0,)
    for at, character in enumerate(text):
        for bit in bits:
            yield text[:at] + chr(ord(character) ^ 1 << bit) + text[at + 1 :]
    yield from (text + "x", text[:-1] if text else "x", text + "\udc80", None, 0, [text])


def _of_object(value: Mapping[str, Any], path: str) -> Iterator[Mutant]:
    for key, item in value.items():
        at = f"{path}.{key}".lstrip(".")
        rest = {name: other for name, other in value.items() if name != key}
        yield at, rest
        yield at, rest | {key + "_": item}
        yield at, {**value, "_" + key: item}
        for where, changed in mutants(item, at):
            yield where, {**value, key: changed}


def _of_list(value: list[Any], path: str) -> Iterator[Mutant]:
    at = f"{path}[]"
    yield at, [*value, *(value[:1] or ["x"])]
    for number, item in enumerate(value):
        yield at, value[:number] + value[number + 1 :]
        yield at, [*value[:number], item, *value[number:]]
        if number and value[number - 1] != item:
            yield at, [*value[: number - 1], item, value[number - 1], *value[number + 1 :]]
        for where, changed in mutants(item, at):
            yield where, [*value[:number], changed, *value[number + 1 :]]


def test_every_value_of_the_answer(released: SmallRelease, sealed: standalone.Sealed) -> None:
    count, kept = 0, set()
    for path, changed in mutants(short(released, "safety")):
        count += 1
        if proved(changed, sealed):
            kept.add(path)
    assert count > 5_000
    # The receipt's own hash guards all of it, also what it only states: who forges has to make that anew (next test).
    guarded = {name for name in UNGUARDED if name.startswith("receipt.")}
    assert {path for path in kept if not declared(path)} == set()
    assert {name for name in UNGUARDED if any(path == name or path.startswith(f"{name}") for path in kept)} == (
        UNGUARDED - guarded - {"other_intents"}
    )


def forged(answer: Answer) -> Answer:
    """What a forger makes of it: a receipt that says all that the answer says, and its hash."""
    receipt = dict(answer["receipt"])
    try:
        receipt |= {
            "answer_sha256": sha256_hex(answer["text"].encode()),
            "context": answer["context"],
            "outcome": answer["outcome"],
            "flags": answer["flags"],
            "intent": answer["intent"]["name"],
            "spans": [
                {name: span.get(name, "") for name in ("source", "id", "version", "sha256", "role")}
                for span in answer["spans"]
            ],
        }
        return answer | {"receipt": stamped(receipt)}
    except (KeyError, TypeError, AttributeError, UnicodeEncodeError):
        return answer  # not even he can make a receipt of it


def test_every_value_of_the_answer_with_the_receipt_made_anew(
    released: SmallRelease, sealed: standalone.Sealed
) -> None:
    """Whoever makes the receipt anew can state another intent; every other word is proved from the release."""
    answer = short(released, "safety")
    values = {name: answer[name] for name in ("text", "outcome", "flags", "intent", "context", "spans", "preview")}
    rest = {name: value for name, value in answer.items() if name not in values}
    kept = {path for path, changed in mutants(values) if proved(forged(rest | changed), sealed)}
    assert kept == {"intent.name", "intent.confidence"}
    kept = set()
    for path, changed in mutants(answer["receipt"], "receipt"):
        try:
            made = answer | {"receipt": stamped(changed)}
        except (TypeError, UnicodeEncodeError):
            continue  # a receipt without a canonical form has no hash
        if proved(made, sealed):
            kept.add(path)
            assert standalone.same(without_declared(made["receipt"], "receipt"), _less_seal(answer, made))
    assert kept == {"receipt.model", "receipt.software", "receipt.receipt_sha256"}


def _less_seal(answer: Answer, made: Answer) -> Any:
    """The receipt as it was, but for the hash that was made anew."""
    seal = {"receipt_sha256": made["receipt"]["receipt_sha256"]}
    return without_declared(answer["receipt"] | seal, "receipt")


def _not_carried(answer: Answer) -> None:
    answer["carried"] = []


def _one_less(answer: Answer) -> None:
    answer["carried"] = ["product"]


def _one_more(answer: Answer) -> None:
    answer["carried"] = ["population", *answer["carried"]]


def _without_its_value(answer: Answer) -> None:
    del answer["slots"]["topic"]


def _of_no_slot(answer: Answer) -> None:
    answer["carried"] = [*answer["carried"], "vial"]


def _another_value(answer: Answer) -> None:
    answer["slots"]["product"] = "v"


def _twice(answer: Answer) -> None:
    answer["carried"] = ["product", "product", "topic"]


def _out_of_order(answer: Answer) -> None:
    answer["carried"] = ["topic", "product"]


def _receipt_of_less(answer: Answer) -> None:
    answer["receipt"] = stamped(answer["receipt"] | {"carried": {"product": "z"}})


def _receipt_of_more(answer: Answer) -> None:
    answer["receipt"] = stamped(answer["receipt"] | {"carried": CARRIED | {"population": "hepatic"}})


def _receipt_of_another(answer: Answer) -> None:
    answer["receipt"] = stamped(answer["receipt"] | {"carried": CARRIED | {"product": "v"}})


def _receipt_of_none(answer: Answer) -> None:
    del answer["receipt"]["carried"]
    answer["receipt"] = stamped(answer["receipt"])


def _empty_in_both(answer: Answer) -> None:
    answer["carried"] = []
    answer["receipt"] = stamped(answer["receipt"] | {"carried": {}})


@pytest.mark.parametrize(
    "change",
    [
        _not_carried, _one_less, _one_more, _without_its_value, _of_no_slot, _another_value, _twice, _out_of_order,
        _receipt_of_less, _receipt_of_more, _receipt_of_another, _receipt_of_none, _empty_in_both,
    ],
)  # fmt: skip
def test_what_was_carried_is_what_the_receipt_says(
    released: SmallRelease, sealed: standalone.Sealed, change: Callable[[Answer], None]
) -> None:
    answer = answer_of(released)
    assert answer["receipt"]["carried"] == CARRIED
    change(answer)
    refused(lambda: standalone.prove(answer, sealed, DAY), "C")


def test_an_answer_that_carried_nothing_has_no_word_of_it_in_its_receipt(
    released: SmallRelease, sealed: standalone.Sealed
) -> None:
    answer = answer_of(released) | {"carried": []}
    answer["receipt"].pop("carried")
    answer["receipt"] = stamped(answer["receipt"])
    assert proved(answer, sealed)


@pytest.mark.parametrize("shape", [None, [], ["product"], {"product": 1}, {"product": None}, "product"])
def test_a_receipt_that_holds_something_else_as_carried(
    released: SmallRelease, sealed: standalone.Sealed, shape: object
) -> None:
    answer = answer_of(released)
    answer["receipt"] = stamped(answer["receipt"] | {"carried": shape})
    refused(lambda: standalone.prove(answer, sealed, DAY), "F")


@pytest.mark.parametrize("flags", [["attack", "attack"], ["mild"], ["product_complaint", "attack"]])
def test_flags_that_no_answer_has(released: SmallRelease, sealed: standalone.Sealed, flags: list[str]) -> None:
    refused(lambda: standalone.prove(forged(answer_of(released) | {"flags": flags}), sealed), "V6")


def test_a_template_without_words_is_no_way_around(tmp_path: Path) -> None:
    """It leaves no span that shows it, so its scope is held against the context where the receipt names it."""
    content = Content()
    content.templates["t-bare"] = TemplateRecord("t-bare", "1", "companion_after", SCOPE, (), (), {1: (None,)})
    with (made := small.make_release(tmp_path, content)).world.ledger:
        claimed = assemble(made.world, ("t-answer", "z.liver"), ("t-bare", "z.boxed"))
        answer = made.answer(claimed)
        templates, ledger = answer["receipt"]["templates"], standalone.Ledger(ledger_bytes(made), {})
        standalone.prove_words(answer, templates, ledger)
        gone = standalone.Ledger(ledger_bytes(made), {("template", "t-bare", "1"): DAY})
        refused(lambda: standalone.prove_words(answer, templates, gone), "V3")


def test_an_answer_for_another_day_is_refused_where_the_day_is_known(released: SmallRelease) -> None:
    """Nobody but the audit log knows the day: without --date another day on which all was approved is as good."""
    other = replace(HCP, date=TODAY - dt.timedelta(days=1))
    answer = released.answer(replace(claim(released), context=other))
    assert released.verify(answer)["context"]["date"] == "2026-11-20"
    refused(lambda: released.verify(answer, date=DAY), "V3")


@pytest.mark.parametrize(
    ("day", "rule"),
    [("2026-11-14", ""), ("2026-11-13", "R3"), ("2026-1-01", "V3"), ("20261121", "V3"), ("", "V3"), ("9999-12-31", "")],
)
def test_the_day_of_an_answer(released: SmallRelease, day: str, rule: str) -> None:
    """Signed on the 10th, built on the 15th: the market's day may be one before."""
    answer = answer_of(released)
    made = forged(answer | {"context": answer["context"] | {"date": day}})
    if rule:
        refused(lambda: released.verify(made), rule)
    else:
        released.verify(made)


@pytest.mark.parametrize("text", ["", '{"a":1,"a":2}', "NaN", "[" * 100_000, "\xff", "1" * 5000, "[]", "{}", "null"])
def test_what_is_no_answer_at_all(released: SmallRelease, text: str) -> None:
    with pytest.raises(RefusedError, match=r"^F: "):
        standalone.verify(text.encode("latin-1"), released.folder, released.root)


def test_a_preview_is_no_answer_of_a_release(released: SmallRelease, sealed: standalone.Sealed) -> None:
    refused(lambda: standalone.prove(answer_of(released) | {"preview": True}, sealed), "F")


# --- what stands around the text ------------------------------------------------------------------------------------

CHOICES = {
    "words nobody approved": {"label": "The safest choice"},
    "the title of another passage": {"label": "z.liver"},
    "another source": {"label_source": "passage:z.liver"},
    "a passage that is not there": {"id": "passage:none", "label_source": "passage:none", "send": "passage:none"},
    "a passage that is only a companion": {
        "id": "passage:z.fpi", "label": "z.fpi", "label_source": "passage:z.fpi", "send": "passage:z.fpi",
    },
    "something else to send": {"send": "passage:z.liver"},
    "another sort": {"id": "note:z.dose", "label_source": "note:z.dose"},
    "a name of another product": {"id": "product:z", "label_source": "product:z", "label": "V"},
    "a labeler of another document": {"id": "document:z-doc", "label_source": "document:z-doc", "label": "Labs v-doc"},
}  # fmt: skip


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_bears_approved_words(released: SmallRelease, sealed: standalone.Sealed, name: str) -> None:
    answer = answer_of(released)
    answer["choices"][0] |= CHOICES[name]
    refused(lambda: standalone.prove(answer, sealed), "F")


# --- approvals ------------------------------------------------------------------------------------------------------


def release_with(folder: Path, change: Callable[[Content, list[Any]], None]) -> SmallRelease:
    """A release whose content or envelopes are changed before it is sealed."""
    content = Content()
    scratch = folder / "subjects"
    scratch.mkdir(parents=True)
    subjects = content.subjects(scratch)
    content.envelopes = {f"signed/{role}.dsse.json": approval(subjects, role) for role in small.PEOPLE}
    change(content, subjects)
    return small.make_release(folder, content)


def _sign(signer: str, /, **changes: Any) -> Callable[[Content, list[Any]], None]:
    def change(content: Content, subjects: list[Any]) -> None:
        assert content.envelopes is not None
        content.envelopes[f"signed/{signer}.dsse.json"] = approval(subjects, signer, **changes)

    return change


def _without(role: str) -> Callable[[Content, list[Any]], None]:
    def change(content: Content, _: list[Any]) -> None:
        assert content.envelopes is not None
        del content.envelopes[f"signed/{role}.dsse.json"]

    return change


def _people(*people: Any) -> Callable[[Content, list[Any]], None]:
    def change(content: Content, _: list[Any]) -> None:
        content.roster = people

    return change


def _withdraw(*given: str, **changes: Any) -> Callable[[Content, list[Any]], None]:
    def change(content: Content, _: list[Any]) -> None:
        assert content.envelopes is not None
        content.envelopes["withdrawn/w.dsse.json"] = withdrawal(*given, **changes)

    return change


def _only(*kinds: str) -> Callable[[Content, list[Any]], None]:
    def change(content: Content, subjects: list[Any]) -> None:
        some = [subject for subject in subjects if subject.ref.kind in kinds]
        content.envelopes = {f"signed/{role}.dsse.json": approval(some, role) for role in small.PEOPLE}

    return change


def _stale(content: Content, _: list[Any]) -> None:
    """Approved, then one date changed."""
    scope = replace(PASSAGES["z.liver"].scope, expires=dt.date(2030, 1, 1))
    content.passages["z.liver"] = replace(PASSAGES["z.liver"], scope=scope)


def _unlinked(content: Content, _: list[Any]) -> None:
    """Approved, then a companion added that need not be shown: not even that goes unsigned."""
    content.passages["z.boxed"] = replace(PASSAGES["z.boxed"], order=7)


def _title(content: Content, _: list[Any]) -> None:
    content.passages["z.liver"] = replace(PASSAGES["z.liver"], title="Perfectly safe")


def _lifted(content: Content, _: list[Any]) -> None:
    """A signature over other bytes: the payload exchanged, the signature kept."""
    assert content.envelopes is not None
    found = json.loads(content.envelopes["signed/legal.dsse.json"])
    other = json.loads(content.envelopes["signed/medical.dsse.json"])
    content.envelopes["signed/legal.dsse.json"] = json.dumps(found | {"payload": other["payload"]}).encode()


def _retyped(content: Content, subjects: list[Any]) -> None:
    """A signature is over its type as well."""
    _sign("legal")(content, subjects)
    assert content.envelopes is not None
    found = json.loads(content.envelopes["signed/legal.dsse.json"])
    found["payloadType"] = "application/vnd.onlabel.withdrawal+json"
    content.envelopes["signed/legal.dsse.json"] = json.dumps(found).encode()


def _loose(content: Content, _: list[Any]) -> None:
    """A signature over another spelling of the same."""
    assert content.envelopes is not None
    body = base64.b64decode(json.loads(content.envelopes["signed/legal.dsse.json"])["payload"])
    kind = b"application/vnd.onlabel.approval+json"
    body = body.replace(b'"role":', b'"role": ')
    signature = LOU_KEY.private.sign(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(body), body))
    parts = {"keyid": LOU_KEY.keyid, "sig": base64.b64encode(signature).decode()}
    found = {"payload": base64.b64encode(body).decode(), "payloadType": kind.decode(), "signatures": [parts]}
    content.envelopes["signed/legal.dsse.json"] = json.dumps(found).encode()


def _rule(**rules: Any) -> Callable[[Content, list[Any]], None]:
    def change(content: Content, _: list[Any]) -> None:
        content.rules = ApprovalRules(**rules)

    return change


JANE, LOU, ANN = small.ROSTER
JANE_KEY, LOU_KEY = small.PEOPLE["medical"][1], small.PEOPLE["legal"][1]
UNAPPROVED: dict[str, Callable[[Content, list[Any]], None]] = {
    "a role is missing": _without("regulatory"),
    "nobody signed": _only(),
    "the passages only": _only("passage", "template", "document"),
    "all but the model": _only("passage", "template", "document", "policy", "taxonomy", "screen", "settings", "golden"),
    "all but the templates": _only("passage", "document", *standalone.GOVERNING),
    "all but the documents": _only("passage", "template", *standalone.GOVERNING),
    "a key that is not on the roster": _sign("legal", key=small.THIEF),
    "another's printed name": _sign("legal", printed_name="Jane Roe, MD"),
    "a name that is not the key's": _sign("legal", printed_name="Lou Poe, Esq."),
    "not in canonical form": _loose,
    "a role not held": _sign("legal", role="regulatory"),
    "signed before the role": _sign("legal", signed_at="2025-12-31T23:59:59Z"),
    "signed after the answer": _sign("legal", signed_at="2026-11-23T00:00:00Z"),
    "lapsed": _sign("legal", valid_until=DAY),
    "a time that is none": _sign("legal", signed_at="2026-13-10T09:00:00Z"),
    "a field more": _sign("legal", note="x"),
    "a role ended": _people(JANE, replace(LOU, until=dt.date(2026, 11, 10)), ANN),
    "a role for another market": _people(JANE, replace(LOU, markets=("GB",)), ANN),
    "taken off the roster": _people(JANE, ANN),
    "one person in two roles": _people(JANE, holder("jane  ROE, md", LOU_KEY, "legal"), ANN),
    "a date changed since": _stale,
    "an order changed since": _unlinked,
    "a title changed since": _title,
    "a payload exchanged": _lifted,
    "a type exchanged": _retyped,
    "two of a role": _rule(roles={"medical": 2, "legal": 1, "regulatory": 1}),
    "two for a kind": _rule(by_kind={"safety": {"medical": 2}}),
    "two for a sort of subject": _rule(by_kind={"model": {"legal": 2}}),
    "two for a market": _rule(by_market={"US": {"legal": 2}}),
    "withdrawn policy": _withdraw("policy", "policy.yaml", "*", DAY),
    "withdrawn model": _withdraw("model", "tiny.gguf", "*", DAY),
}


def signed_by(name: str, folder: Path) -> SmallRelease:
    """The changed release; a changed printed name needs its envelope."""
    change = UNAPPROVED[name]
    if name != "one person in two roles":
        return release_with(folder, change)

    def both(content: Content, subjects: list[Any]) -> None:
        change(content, subjects)
        _sign("legal", printed_name="jane  ROE, md")(content, subjects)

    return release_with(folder, both)


@pytest.mark.parametrize("name", UNAPPROVED)
def test_what_is_not_approved_is_not_proved(tmp_path: Path, name: str) -> None:
    released = signed_by(name, tmp_path)
    with released.world.ledger:
        answer = answer_of(released)
        choice = answer["choices"][0]
        answer["references"] = [small.reference(released.world.passages[r["passage"]]) for r in answer["references"]]
        assert choice["id"] == "passage:z.dose"
        refused(lambda: released.verify(answer), "A")


WITHDRAWN = {
    "the passage": ("passage", "z.liver", "3"),
    "every version of it": ("passage", "z.liver", "*"),
    "its companion": ("passage", "z.boxed", "3"),
    "its document": ("document", "z-doc", "*"),
    "its template": ("template", "t-answer", "1"),
}


@pytest.mark.parametrize("name", WITHDRAWN)
def test_what_was_withdrawn_is_not_proved(tmp_path: Path, name: str) -> None:
    with (made := release_with(tmp_path / "a", _withdraw(*WITHDRAWN[name], DAY))).world.ledger:
        refused(lambda: made.verify(answer_of(made)), "V3")
    tomorrow = (TODAY + dt.timedelta(days=1)).isoformat()
    with (made := release_with(tmp_path / "b", _withdraw(*WITHDRAWN[name], tomorrow))).world.ledger:
        assert any("withdrawn since" in note for note in made.verify(answer_of(made))["notes"])


STILL_APPROVED: dict[str, Callable[[Content, list[Any]], None]] = {
    "as it is": lambda *_: None,
    "until tomorrow": _sign("legal", valid_until="2026-11-22"),
    "signed on the day": _sign("legal", signed_at="2026-11-21T23:59:59Z"),
    "a role that ended since": _people(JANE, replace(LOU, until=dt.date(2026, 11, 11)), ANN),
    "a role for this market": _people(JANE, replace(LOU, markets=("GB", "US")), ANN),
    "more for another market": _rule(by_market={"GB": {"legal": 2}}),
    "nobody distinct": _rule(distinct_people=False),
    "another version withdrawn": _withdraw("passage", "z.liver", "2", DAY),
    "a withdrawal by a thief": _withdraw("passage", "z.liver", "3", DAY, key=small.THIEF),
    "a withdrawal in a role not held": _withdraw("passage", "z.liver", "3", DAY, role="legal"),
    "a withdrawal of another time": _withdraw("passage", "z.liver", "3", DAY, signed_at="2025-11-10T09:00:00Z"),
}


@pytest.mark.parametrize("name", STILL_APPROVED)
def test_what_is_approved_is_proved(tmp_path: Path, name: str) -> None:
    with (released := release_with(tmp_path, STILL_APPROVED[name])).world.ledger:
        notes = released.verify(answer_of(released))["notes"]
        assert notes == (["counted for nothing: approvals/withdrawn/w.dsse.json"] if "a withdrawal" in name else [])


@pytest.mark.parametrize("listed", [False, True])
def test_a_withdrawal_that_came_by_mail_acts_from_its_signing(
    released: SmallRelease, tmp_path: Path, listed: bool
) -> None:
    laptop = install(released, tmp_path / "laptop")
    answer = answer_of(released)

    def mail(name: str, data: bytes) -> None:
        place = laptop.folder / "withdrawals" / name
        place.parent.mkdir(exist_ok=True)
        parts = {"schema": "onlabel.withdrawals/1", "envelopes": [json.loads(data)]}
        place.write_bytes(json.dumps(parts).encode() if listed else data)

    mail("late.dsse.json", withdrawal("passage", "z.liver", "3", "2026-11-01", signed_at="2026-11-22T00:00:00Z"))
    (laptop.folder / "withdrawals" / "noise.json").write_bytes(b"{")
    assert laptop.verify(answer)["notes"] == [
        "passage z.liver withdrawn since, from 2026-11-22 on", "counted for nothing: noise.json",
    ]  # fmt: skip
    mail("early.dsse.json", withdrawal("passage", "z.liver", "3", "2026-11-01"))
    refused(lambda: laptop.verify(answer), "V3")
    # An approval that lies there approves nothing: what was approved was sealed.
    (laptop.folder / "withdrawals" / "early.dsse.json").unlink()
    laptop.verify(answer)


# --- the release ----------------------------------------------------------------------------------------------------


def copied(released: SmallRelease, folder: Path) -> SmallRelease:
    shutil.copytree(released.folder, folder)
    return replace(released, folder=folder)


def edit(path: Path, change: Callable[[Any], None]) -> None:
    found = json.loads(path.read_bytes())
    change(found)
    path.write_bytes(json.dumps(found).encode())


def metadata(name: str, change: Callable[[Any], None]) -> Callable[[SmallRelease], None]:
    return lambda released: edit(released.folder / "metadata" / name, change)


def _later(found: Any) -> None:
    found["signed"]["expires"] = "2099-01-01T00:00:00Z"


def _unsigned(found: Any) -> None:
    found["signatures"] = []


def _twice(found: Any) -> None:
    found["signatures"] = found["signatures"][:1] * 2


def _new_root(**given: Any) -> Callable[[SmallRelease], None]:
    def attack(released: SmallRelease) -> None:
        (released.folder / "metadata" / "2.root.json").write_bytes(small.make_root(**given).to_bytes())

    return attack


def _resigned(signers: tuple[Key, ...]) -> Callable[[SmallRelease], None]:
    """Targets signed anew over the same files."""

    def attack(released: SmallRelease) -> None:
        path = released.folder / "metadata" / "1.targets.json"
        found = small.Metadata.from_bytes(path.read_bytes())
        found.signatures.clear()
        for key in signers:
            key.sign(found)
        path.write_bytes(found.to_bytes())

    return attack


def _one_key_two_names(released: SmallRelease) -> None:
    """A root that asks for two keys and lists one of them twice, under another id."""
    root = small.make_root()
    alias = small.SSlibKey("f" * 64, "ed25519", "ed25519", {"public": small.TARGETS.public})
    root.signed.add_key(alias, "targets")
    root.signatures.clear()
    small.ROOT.sign(root)
    (released.folder / "metadata" / "1.root.json").write_bytes(root.to_bytes())
    path = released.folder / "metadata" / "1.targets.json"
    found = small.Metadata.from_bytes(path.read_bytes())
    found.signatures.clear()
    small.TARGETS.sign(found)
    found.sign(small.CryptoSigner(small.TARGETS.private, alias), append=True)
    path.write_bytes(found.to_bytes())


def _file(name: str, change: Callable[[bytes], bytes]) -> Callable[[SmallRelease], None]:
    def attack(released: SmallRelease) -> None:
        (path,) = released.folder.rglob(f"*.{name}")
        path.write_bytes(change(path.read_bytes()))

    return attack


UNAUTHENTIC: dict[str, Callable[[SmallRelease], None]] = {
    "targets changed": metadata("1.targets.json", _later),
    "snapshot changed": metadata("1.snapshot.json", _later),
    "timestamp changed": metadata("timestamp.json", _later),
    "targets unsigned": metadata("1.targets.json", _unsigned),
    "snapshot unsigned": metadata("1.snapshot.json", _unsigned),
    "timestamp unsigned": metadata("timestamp.json", _unsigned),
    "one of two keys": _resigned((small.TARGETS,)),
    "one key twice": metadata("1.targets.json", _twice),
    "one key under two ids": _one_key_two_names,
    "the thief's keys": _resigned((small.THIEF, small.ROOT)),
    "the timestamp's key signs targets": _resigned((small.TARGETS, small.ONLINE)),
    "the thief's root": _new_root(version=2, own=small.THIEF, signers=(small.THIEF,)),
    "a root that its own key did not sign": _new_root(version=2, own=small.THIEF),
    "a root that skips a version": _new_root(version=3),
    "a root without the keys that signed": _new_root(version=2, targets=(small.THIEF,), threshold=1),
    "mix and match: another release's snapshot": lambda r: shutil.copy(
        r.folder / "metadata" / "timestamp.json", r.folder / "metadata" / "1.snapshot.json"
    ) and None,
    "no timestamp": lambda r: (r.folder / "metadata" / "timestamp.json").unlink(),
    "no metadata": lambda r: shutil.rmtree(r.folder / "metadata"),
    "ledger changed": _file("ledger.sqlite", lambda data: data[:-1] + bytes([data[-1] ^ 1])),
    "ledger cut": _file("ledger.sqlite", lambda data: data[:-1]),
    "manifest changed": _file("manifest.json", lambda data: data.replace(b"medical", b"mediocre")),
    "release.json changed": _file("release.json", lambda data: data.replace(b"Autumn", b"Winter")),
    "an approval gone": lambda r: next(r.folder.rglob("*.legal.dsse.json")).unlink(),
}  # fmt: skip


@pytest.mark.parametrize("name", UNAUTHENTIC)
@pytest.mark.parametrize("knowing", [False, True], ids=["", "receipt made anew"])
def test_a_release_that_is_not_authentic(released: SmallRelease, tmp_path: Path, name: str, knowing: bool) -> None:
    attacked = copied(released, tmp_path / "copy")
    UNAUTHENTIC[name](attacked)
    if "one key under two ids" in name:
        attacked = replace(attacked, root=(attacked.folder / "metadata" / "1.root.json").read_bytes())
    if knowing and (path := attacked.folder / "metadata" / "1.targets.json").is_file():
        attacked = replace(attacked, targets_sha256=sha256_hex(path.read_bytes()))
    with pytest.raises(RefusedError, match=r"^R"):
        attacked.verify(answer_of(attacked))


def test_another_root_of_trust(released: SmallRelease) -> None:
    other = small.make_root()
    other.signed.version = 7
    other.signatures.clear()
    small.THIEF.sign(other)
    for root in (other.to_bytes(), b"", b"{}", b'{"signed": {}, "signatures": []}', released.root[:-9]):
        with pytest.raises(RefusedError, match=r"^R"):
            replace(released, root=root).verify(answer_of(released))


def test_a_new_root_is_followed(released: SmallRelease, tmp_path: Path) -> None:
    rotated = copied(released, tmp_path / "copy")
    root = small.make_root(2, (small.TARGETS, small.TARGETS2, small.THIEF))
    (rotated.folder / "metadata" / "2.root.json").write_bytes(root.to_bytes())
    assert rotated.verify(answer_of(rotated))["release"]["root"] == 2
    # The newer root alone will do as well, where it is the one that was handed out.
    assert replace(rotated, root=root.to_bytes()).verify(answer_of(rotated))["release"]["root"] == 2


def test_an_earlier_release_is_proved_from_what_is_published_since(released: SmallRelease, tmp_path: Path) -> None:
    both = copied(released, tmp_path / "copy")
    files, world, about = small.release_files(Content(), tmp_path / "made", 2)
    newer = replace(both, targets_sha256=small.write_metadata(both.folder, files, 2), world=world, about=about)
    with world.ledger:
        assert newer.verify(answer_of(newer))["notes"] == []
        assert both.verify(answer_of(both))["notes"] == ["a later release is there; the keys of root 1 signed this one"]
        # The receipt of one release does not prove from the other.
        mixed = answer_of(newer)
        mixed["receipt"] = stamped(mixed["receipt"] | {"release": both.release_field | {"number": 2}})
        refused(lambda: both.verify(mixed), "C")


def test_a_release_that_was_signed_and_never_published(released: SmallRelease, tmp_path: Path) -> None:
    """Signed targets alone are no release: the newest is what timestamp and snapshot name, and none comes after it."""
    other = copied(released, tmp_path / "copy")
    files, world, about = small.release_files(Content(), tmp_path / "made", 2)
    staged = small.write_metadata(tmp_path / "stage", files, 2)
    shutil.copy(tmp_path / "stage" / "metadata" / "2.targets.json", other.folder / "metadata")
    shutil.copytree(tmp_path / "stage" / "targets", other.folder / "targets", dirs_exist_ok=True)
    with world.ledger:
        made = replace(other, targets_sha256=staged, world=world, about=about)
        refused(lambda: made.verify(answer_of(made)), "R2")


def test_older_targets_under_a_newer_name(released: SmallRelease, tmp_path: Path) -> None:
    other = copied(released, tmp_path / "copy")
    files, world, _ = small.release_files(Content(), tmp_path / "made", 2)
    small.write_metadata(other.folder, files, 2)
    world.ledger.close()
    shutil.copy(other.folder / "metadata" / "1.targets.json", other.folder / "metadata" / "2.targets.json")
    refused(lambda: other.verify(answer_of(other)), "R2")


def test_replaced_keys_are_believed_only_when_asked(released: SmallRelease, tmp_path: Path) -> None:
    both = copied(released, tmp_path / "copy")
    root = small.make_root(2, (small.THIEF,), 1)
    (both.folder / "metadata" / "2.root.json").write_bytes(root.to_bytes())
    files, world, _ = small.release_files(Content(), tmp_path / "made", 2)
    small.write_metadata(both.folder, files, 2, (small.THIEF,))
    with world.ledger:
        refused(lambda: both.verify(answer_of(both)), "R1")
        notes = both.verify(answer_of(both), retired_keys=True)["notes"]
        assert notes == ["a later release is there; the keys of root 1 signed this one"]


def test_expiry_is_told_and_not_enforced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small, "EXPIRES", dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    with (old := small.make_release(tmp_path)).world.ledger:
        assert old.verify(answer_of(old))["notes"] == [
            f"{role} metadata expired on 2020-01-01T00:00:00Z" for role in ("root", "timestamp", "snapshot", "targets")
        ]


# --- a release that was signed and does not hold together -----------------------------------------------------------


def _manifest(change: Callable[[Any], object]) -> Callable[[Content], None]:
    return lambda content: setattr(content, "manifest", change)


def _subject(found: Any, id: str) -> Any:
    return next(subject for subject in found["subjects"] if subject["id"] == id)


def _of_kind(kind: Kind) -> Any:
    return replace(PASSAGES["z.liver"], kind=kind)


def _policy_that_says(content: Content) -> None:
    """Where the policy's own record says what it needs, the manifest must not say otherwise."""

    def change(found: Any) -> None:
        policy = _subject(found, "policy.yaml")
        policy["record"]["fields"]["approvals"] = found["rules"] | {"distinct_people": False}
        policy["sha256"] = sha256_hex(canonical_json(policy["record"]))

    content.manifest = change


UNSOUND: dict[str, tuple[str, Callable[[Content], None]]] = {
    "another ledger": ("R3", lambda c: c.about.update(ledger="0" * 64)),
    "another policy": ("R3", lambda c: c.about.update(policy_sha256="0" * 64)),
    "another index": ("C", lambda c: c.about.update(index="0" * 64)),
    "another number": ("R3", lambda c: c.about.update(number=2)),
    "another schema": ("R3", lambda c: c.about.update(schema="onlabel.release/2")),
    "another market": ("V3", lambda c: c.about.update(contexts={"markets": ["GB"]})),
    "another model": ("A", lambda c: c.also.update({"models/tiny.gguf": b"other"})),
    "other settings": ("A", lambda c: c.also.update({"onlabel.toml": b"other"})),
    "no manifest": ("R3", lambda c: setattr(c, "left_out", ("manifest.json",))),
    "no ledger": ("R3", lambda c: setattr(c, "left_out", ("index/ledger.sqlite",))),
    "no settings": ("A", lambda c: setattr(c, "left_out", ("onlabel.toml",))),
    "a record changed": ("A", _manifest(lambda m: _subject(m, "z.liver")["record"]["fields"].update(title="Safe"))),
    "a record of another subject": ("A", _manifest(lambda m: _subject(m, "z.liver").update(version="4"))),
    "a record gone": ("A", _manifest(lambda m: m["subjects"].remove(_subject(m, "z.liver")))),
    "no policy in it": ("A", _manifest(lambda m: m["subjects"].remove(_subject(m, "policy.yaml")))),
    "a subject twice": ("A", _manifest(lambda m: m["subjects"].append(_subject(m, "z.heart")))),
    "a key under another id": ("A", _manifest(lambda m: m["roster"].append(m["roster"][0] | {"keyid": "f" * 64}))),
    "rules that need nobody": ("A", _manifest(lambda m: m["rules"].update(roles={"legal": 0}))),
    "rules of another shape": ("A", _manifest(lambda m: m["rules"].update(roles={"legal": "1"}))),
    "another manifest": ("A", _manifest(lambda m: m.update(schema="onlabel.manifest/2"))),
    "other rules than the policy's": ("A", _policy_that_says),
    "approved as another kind": ("A", lambda c: c.approved_as.update({"z.liver": _of_kind(Kind.INSTRUCTION)})),
    "a ledger that is none": ("L", lambda c: c.also.update({"index/ledger.sqlite": b"SQLite format 3\0" * 99})),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_a_release_that_does_not_hold_together(tmp_path: Path, name: str) -> None:
    rule, change = UNSOUND[name]
    content = Content()
    change(content)
    with (made := small.make_release(tmp_path, content)).world.ledger:
        message = refused(lambda: made.verify(answer_of(made)), rule)
        assert ("other rules" in message) == ("other rules" in name)


TABLES = {
    "a passage changed": "UPDATE passage SET record = replace(record, 'z.liver', 'z.lover') WHERE id = 'z.liver'",
    "a scope changed": "UPDATE scope SET fields = replace(fields, 'hcp', 'all')",
    "a seal changed": "UPDATE passage SET seal = x'00' WHERE id = 'z.liver'",
    "a passage gone": "DELETE FROM passage WHERE id = 'z.heart'",
    "a passage under another id": "UPDATE passage SET id = 'z.new' WHERE id = 'z.heart'",
    "a template changed": "UPDATE template SET record = replace(record, 'answer', 'notice') WHERE id = 't-dosage'",
    "a rule gone": "DELETE FROM rule WHERE kind = 'safety'",
    "a policy changed": "UPDATE meta SET value = '0' WHERE key = 'policy_sha256'",
    "a fingerprint changed": "UPDATE meta SET value = '0' WHERE key = 'fingerprint'",
    "a schema changed": "UPDATE meta SET value = 'onlabel.ledger/2' WHERE key = 'schema'",
    "a table gone": "DROP TABLE rule",
}


@pytest.mark.parametrize("name", TABLES)
def test_a_ledger_that_is_not_that_of_its_fingerprint(released: SmallRelease, tmp_path: Path, name: str) -> None:
    import sqlite3

    path = tmp_path / "ledger.sqlite"
    path.write_bytes(ledger_bytes(released))
    database = sqlite3.connect(path)
    database.execute(TABLES[name])
    database.commit()
    database.close()
    refused(lambda: standalone.Ledger(path.read_bytes(), {}), "L")


def test_what_serves_is_read_from_the_passages_alone(released: SmallRelease, tmp_path: Path) -> None:
    """The table of roles is a convenience of the first ledger; nobody seals it, so nobody here believes it."""
    import sqlite3

    path = tmp_path / "ledger.sqlite"
    path.write_bytes(ledger_bytes(released))
    database = sqlite3.connect(path)
    database.execute("DELETE FROM serving")
    database.commit()
    database.close()
    answer = answer_of(released, "benefit")
    standalone.prove_words(answer, answer["receipt"]["templates"], standalone.Ledger(path.read_bytes(), {}))


def ledger_bytes(released: SmallRelease) -> bytes:
    return next(released.folder.rglob("*.ledger.sqlite")).read_bytes()


# --- two implementations, one judgement -----------------------------------------------------------------------------

WITHDRAWALS: tuple[tuple[tuple[str, str, str, dt.date], ...], ...] = (
    (),
    (("passage", "z.boxed", "*", TODAY),),
    (("passage", "z.fpi", "3", TODAY), ("passage", "z.isi", "2", TODAY)),
    (("document", "z-doc", "*", TODAY),),
    (("template", "t-after", "1", TODAY), ("template", "t-dosage", "*", TODAY)),
    (("passage", "all.fpi", "3", TODAY + dt.timedelta(days=1)),),
)
NAMES = sorted(PASSAGES)
SOME = [n for n in NAMES if n[:2] in ("z.", "v.")] + ["all.fpi", "all.outcome.emergency", "all.outcome.clarify"]
CONTEXTS = st.builds(
    Context,
    st.sampled_from(["hcp", "hcp", "hcp", "patient"]),
    st.sampled_from(["US", "US", "US", "GB"]),
    st.sampled_from(["en", "en", "en", "de"]),
    st.sampled_from([*CHANNELS, "fax"]),
    st.integers(-330, 3).map(lambda days: TODAY + dt.timedelta(days=days)),
)


@pytest.fixture(scope="module")
def pairs(released: SmallRelease) -> Iterator[list[tuple[Ledger, standalone.Ledger]]]:
    """Each ledger as both implementations read it, under the same withdrawals."""
    found = []
    path = released.folder.parent / "made" / "ledger.sqlite"
    for some in WITHDRAWALS:
        gone = {(kind, id, version): day.isoformat() for kind, id, version, day in some}
        found.append((Ledger.open(path, Withdrawn(some)), standalone.Ledger(path.read_bytes(), gone)))
    yield found
    for opened, _ in found:
        opened.close()


def first(claimed: Claimed) -> list[dict[str, str]] | None:
    """The templates of a claim that the first verifier proves, and what its receipt says; None: it refuses."""
    try:
        proof = claimed.verify()
    except IntegrityError:
        return None
    return [{"id": t.id, "version": t.version, "use": t.use} for t in proof.templates]


def second(claimed: Claimed, ledger: standalone.Ledger, templates: list[dict[str, str]] | None) -> bool:
    """Whether the second verifier proves it with these templates; None: with any that fit its blocks."""
    answer = small.answer_object(replace(claimed, text=b"-", spans=()), {}) | {
        "text": claimed.text.decode("utf-8", "surrogateescape"),
        "spans": [_span(span) for span in claimed.spans],
    }
    for named in [templates] if templates is not None else guesses(claimed, ledger):
        try:
            standalone.prove_words(answer, named, ledger)
        except RefusedError:
            continue
        return True
    return False


def _span(span: Any) -> dict[str, Any]:
    """As JSON, and with the fields of a passage wherever somebody claims one of them."""
    claimed = {"role": span.role, "document": span.document, "locator": span.locator}
    return span.as_json() | (claimed if any(claimed.values()) else {})


def guesses(claimed: Claimed, ledger: standalone.Ledger) -> Iterator[list[dict[str, str]]]:
    """Every list of templates that an attacker could name."""
    with_notice = claimed.outcome is not Outcome.ANSWERED or claimed.intent in standalone.NOTICE_INTENTS
    roles = [span.role for span in claimed.spans if span.source == "passage"][with_notice:]
    try:
        blocks = standalone._v7_blocks(roles, with_notice)
    except (RefusedError, ValueError):
        blocks = []
    fitting = [[t for t in ledger.templates.values() if t["use"] == use] for use, _ in blocks]
    for chosen in product(*fitting):
        yield [{"id": t["id"], "version": t["version"], "use": t["use"]} for t in chosen]


@st.composite
def blocks(draw: st.DrawFn) -> tuple[Block, ...]:
    """Blocks as an engine with faults might lay them out."""
    if draw(st.booleans()):
        return CLAIMS[draw(st.sampled_from(sorted(CLAIMS)))][0]

    def one(use: str) -> st.SearchStrategy[Block]:
        return st.sampled_from(SOME).map(lambda name: (use, name))

    answers = st.lists(st.sampled_from(SOME), min_size=1, max_size=3).map(lambda names: ("t-answer", " ".join(names)))
    parts = [
        draw(st.lists(st.one_of(one("t-before"), one("t-notice")), max_size=2)),
        draw(st.lists(answers, max_size=1)),
        draw(st.lists(one("t-after"), max_size=3)),
    ]
    return tuple(block for part in parts for block in part) or (("t-answer", "z.liver"),)


def attacked(claimed: Claimed, draw: Callable[..., Any]) -> Claimed:
    kind = draw(st.sampled_from(["none", "none", "byte", "span", "field", "intent", "flags"]))
    if kind == "byte":
        attacks = list(byte_attacks(claimed, draw(st.integers(0, len(claimed.text) - 1)), draw(st.integers(0, 127))))
        return draw(st.sampled_from(attacks)) if attacks else claimed
    if kind == "span":
        attacks = list(span_attacks(claimed)) if len(claimed.spans) > 1 and _has_answer(claimed) else []
        return draw(st.sampled_from(attacks)) if attacks else claimed
    if kind == "field":
        spans = list(claimed.spans)
        at = draw(st.integers(0, len(spans) - 1))
        field = draw(st.sampled_from(["start", "end", "source", "id", "version", "sha256", "role", "document"]))
        value = (
            -1 if field in ("start", "end") else draw(st.sampled_from(["", "passage", "template", "companion", "x"]))
        )
        spans[at] = replace(spans[at], **{field: value})
        return replace(claimed, spans=tuple(spans))
    if kind == "intent":
        return replace(claimed, intent=draw(st.sampled_from(["dosage", "source_request", "human_handoff", "storage"])))
    flags = frozenset(draw(st.lists(st.sampled_from(list(Flag)), max_size=2)))
    return replace(claimed, flags=flags) if kind == "flags" else claimed


def _has_answer(claimed: Claimed) -> bool:
    return any(span.role == "answer" for span in claimed.spans)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_both_accept_or_both_refuse(
    released: SmallRelease, pairs: list[tuple[Ledger, standalone.Ledger]], data: st.DataObject
) -> None:
    ours, theirs = data.draw(st.sampled_from(pairs))
    world = replace(released.world, ledger=ours)
    if data.draw(st.booleans()):
        chosen, more = CLAIMS[data.draw(st.sampled_from(sorted(CLAIMS)))]
        claimed = assemble(world, *chosen, **more)
    else:
        outcome = data.draw(st.sampled_from([Outcome.ANSWERED, Outcome.ANSWERED, *Outcome]))
        flags = frozenset({Flag(outcome.value)}) if outcome.value in standalone.GRAVE else frozenset()
        claimed = assemble(world, *data.draw(blocks()), outcome=outcome, flags=flags)
    if data.draw(st.booleans()):
        claimed = replace(claimed, context=data.draw(CONTEXTS))
    claimed = attacked(claimed, data.draw)
    templates = first(claimed)
    assert second(claimed, theirs, templates) == (templates is not None)


def test_both_accept_and_refuse_often_enough_to_learn_from(
    released: SmallRelease, pairs: list[tuple[Ledger, standalone.Ledger]]
) -> None:
    """Every claim under every withdrawal: some of both, and the same companions for the same reasons."""
    judged = set()
    for (ours, theirs), name in product(pairs, CLAIMS):
        chosen, more = CLAIMS[name]
        claimed = assemble(replace(released.world, ledger=ours), *chosen, **more)
        templates = first(claimed)
        assert second(claimed, theirs, templates) == (templates is not None), name
        judged.add(templates is not None)
        if templates is not None:
            answer = released.answer(claimed)
            assert standalone.prove_words(answer, templates, theirs) == answer["receipt"]["companions"]
    assert judged == {True, False}


def test_every_subset_of_a_benefit_answer(
    released: SmallRelease, pairs: list[tuple[Ledger, standalone.Ledger]]
) -> None:
    ours, theirs = pairs[0]
    world = replace(released.world, ledger=ours)
    accepted = 0
    for kept in product([True, False], repeat=len(BENEFIT)):
        some = [block for block, keep in zip(BENEFIT, kept, strict=True) if keep]
        if some:
            claimed = assemble(world, *some)
            templates = first(claimed)
            assert second(claimed, theirs, templates) == (templates is not None)
            accepted += templates is not None
    assert accepted == 1


def test_the_constants_are_those_of_the_domain() -> None:
    assert set(standalone.OUTCOMES) == {outcome.value for outcome in Outcome}
    assert set(standalone.FLAGS) == {flag.value for flag in Flag}
    kinds = {"benefit", "safety", "instruction", "neutral", "notice"}
    assert {kind.value for kind in Kind} == kinds
    value = {"b": [1, None, "é\n"], "a": {"c": True}}
    assert standalone.canonical(value) == canonical_json(value)
