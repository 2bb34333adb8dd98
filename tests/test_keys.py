"""Keys: encrypted at rest, never in a workspace, never overwritten; and the commands that keep them."""

from __future__ import annotations

import base64
import json
import os
import stat
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

from assistant.errors import ContentError, OnlabelError, UsageError
from assistant.serving.commands.keys import keys_command
from assistant.trust import keys
from assistant.trust.approvals.roster import read_roster
from assistant.trust.keys import (
    change_passphrase,
    is_weak,
    keyid_of,
    new_key,
    open_signer,
    public_file,
    read_public,
    verify_signature,
)

WORDS = "correct horse battery"
NAME = "Jane Roe, MD"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One round of bcrypt: how slow it is, is not what is tested."""
    monkeypatch.setattr(keys, "KDF_ROUNDS", 1)
    monkeypatch.delenv("ONLABEL_KEY_PASSPHRASE", raising=False)


@pytest.fixture
def jane(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "jane"
    new_key(path, WORDS, NAME)
    return path


def test_a_key_signs_and_its_signature_is_checked(jane: Path) -> None:
    signer = open_signer(jane, WORDS)
    signature = signer.sign(b"some bytes")
    assert len(signature) == 64
    assert verify_signature(signer.public.public_hex, b"some bytes", signature)
    assert not verify_signature(signer.public.public_hex, b"some bytez", signature)
    assert not verify_signature(signer.public.public_hex, b"some bytes", signature[:-1])
    assert not verify_signature(signer.public.public_hex[:-2], b"some bytes", signature)
    assert not verify_signature("zz" * 32, b"some bytes", signature)
    assert signer.public.name == NAME


def test_a_signature_of_rfc_8032_is_checked() -> None:
    """Section 7.1, test 2."""
    public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert verify_signature(public, b"\x72", signature)
    # The same signature written with s + L: what is malleable could be counted twice.
    order = 2**252 + 27742317777372353535851937790883648493
    other = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    assert not verify_signature(public, b"\x72", other)


@pytest.mark.parametrize(
    "weak",
    [
        "01" + "00" * 31,
        "00" * 32,
        "00" * 31 + "80",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "ff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ],
)
def test_a_key_of_small_order_verifies_nothing(weak: str) -> None:
    assert is_weak(weak)
    # R the identity, s zero: holds for every message under a key of order one.
    assert not verify_signature(weak, b"any", bytes.fromhex("01" + "00" * 63))


def test_the_id_is_that_of_securesystemslib(jane: Path) -> None:
    signer = open_signer(jane, WORDS)
    theirs = SSlibKey.from_crypto(Ed25519PrivateKey.from_private_bytes(b"7" * 32).public_key())
    assert keyid_of(theirs.keyval["public"]) == theirs.keyid
    tuf = signer.as_tuf()
    assert tuf.public_key.keyid == signer.keyid
    assert tuf.sign(b"x").signature == signer.sign(b"x").hex()


def test_the_private_side_is_encrypted_and_its_owners_alone(jane: Path) -> None:
    text = jane.read_bytes()
    assert text.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----")
    body = base64.b64decode(b"".join(text.split(b"\n")[1:-2]))
    assert b"aes256" in body
    assert b"bcrypt" in body
    if os.name == "posix":
        assert stat.S_IMODE(jane.stat().st_mode) == 0o600
        assert stat.S_IMODE(jane.parent.stat().st_mode) == 0o700


def test_many_rounds_of_bcrypt_are_the_rule() -> None:
    source = Path(keys.__file__).read_text(encoding="utf-8")
    assert "KDF_ROUNDS = 100" in source


def test_a_wrong_passphrase_opens_nothing(jane: Path) -> None:
    with pytest.raises(UsageError, match="wrong passphrase"):
        open_signer(jane, WORDS + "!")
    with pytest.raises(UsageError, match="wrong passphrase"):
        open_signer(jane, "")


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="too short"):
        new_key(tmp_path / "k", "seven77", NAME)
    assert not (tmp_path / "k").exists()


def test_no_key_is_overwritten(jane: Path) -> None:
    before = jane.read_bytes()
    with pytest.raises(UsageError, match="never overwritten"):
        new_key(jane, WORDS, NAME)
    assert jane.read_bytes() == before


@pytest.mark.parametrize("deep", ["key", "a/b/key"])
def test_no_key_stands_in_a_workspace(tmp_path: Path, jane: Path, deep: str) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "onlabel.toml").write_text("")
    inside = tmp_path / "w" / deep
    with pytest.raises(UsageError, match="never stands in a workspace"):
        new_key(inside, WORDS, NAME)
    assert not inside.parent.joinpath("key").exists()
    inside.parent.mkdir(parents=True, exist_ok=True)
    inside.write_bytes(jane.read_bytes())
    with pytest.raises(UsageError, match="never stands in a workspace"):
        open_signer(inside, WORDS)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_no_key_stands_in_a_workspace_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "onlabel.toml").write_text("")
    (tmp_path / "elsewhere").symlink_to(tmp_path / "w")
    with pytest.raises(UsageError, match="never stands in a workspace"):
        new_key(tmp_path / "elsewhere" / "key", WORDS, NAME)


def test_the_passphrase_is_changed_and_the_key_is_the_same(jane: Path) -> None:
    before = open_signer(jane, WORDS).keyid
    with pytest.raises(UsageError):
        change_passphrase(jane, "not the old one", "another passphrase")
    with pytest.raises(UsageError, match="too short"):
        change_passphrase(jane, WORDS, "short")
    change_passphrase(jane, WORDS, "another passphrase")
    assert open_signer(jane, "another passphrase").keyid == before
    with pytest.raises(UsageError):
        open_signer(jane, WORDS)
    assert [p.name for p in jane.parent.iterdir() if p.name.startswith(".")] == []


def test_a_key_that_is_not_encrypted_or_not_ed25519_is_refused(tmp_path: Path) -> None:
    bare = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    (tmp_path / "bare").write_bytes(bare)
    with pytest.raises(ContentError, match="not encrypted"):
        open_signer(tmp_path / "bare", WORDS)
    with pytest.raises(ContentError, match="not encrypted"):
        open_signer(tmp_path / "bare", "")
    lock = PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(1).build(WORDS.encode())
    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, lock)
    (tmp_path / "other").write_bytes(other)
    with pytest.raises(ContentError, match="no Ed25519 key"):
        open_signer(tmp_path / "other", WORDS)
    (tmp_path / "none").write_bytes(b"hello")
    with pytest.raises(ContentError, match="no private key"):
        open_signer(tmp_path / "none", WORDS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("keyid", "0" * 64),
        ("public", "ab" * 32),
        ("public", "AB"),
        ("scheme", "rsa"),
        ("schema", "x"),
        ("name", ""),
        ("name", "two\nlines"),
        ("name", " Jane"),
        ("more", 1),
    ],
)
def test_a_changed_public_file_is_refused(jane: Path, field: str, value: object) -> None:
    path = public_file(jane)
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {field: value}))
    with pytest.raises(ContentError):
        read_public(path)
    with pytest.raises(ContentError):
        open_signer(jane, WORDS)


def test_the_public_file_of_another_is_noticed(jane: Path) -> None:
    new_key(jane.with_name("john"), WORDS, "John Doe")
    public_file(jane).write_bytes(public_file(jane.with_name("john")).read_bytes())
    with pytest.raises(ContentError, match="another key"):
        open_signer(jane, WORDS)


def test_a_signer_does_not_print_its_key(jane: Path) -> None:
    assert "Private" not in repr(open_signer(jane, WORDS))


# --- commands ---------------------------------------------------------------------------------------------------------


def test_the_commands_make_list_show_enrol_and_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONLABEL_KEYS", str(tmp_path / "keys"))
    root = tmp_path / "w"
    root.mkdir()
    (root / "onlabel.toml").write_text("")
    (tmp_path / "p1").write_text(f"{WORDS}\nsecond line\n")
    (tmp_path / "p2").write_text("another passphrase\r\n")
    run = CliRunner()

    def call(*words: str) -> str:
        ran = run.invoke(keys_command, list(words), obj=root)
        assert ran.exit_code == 0, (ran.output, ran.exception)
        return ran.output

    made = call("new", "jane", "--name", NAME, "--passphrase-file", str(tmp_path / "p1"))
    keyid = read_public(tmp_path / "keys" / "jane.pub.json").keyid
    assert keyid in made
    assert WORDS not in made
    assert f"jane                 {keyid[:16]}  {NAME}" in call("list")
    call("public", "jane", "--out", str(tmp_path / "out.json"))
    assert read_public(tmp_path / "out.json").name == NAME
    call("enrol", str(tmp_path / "out.json"), "--role", "medical", "--market", "US", "--since", "2026-01-01")
    (entry,) = read_roster(root / "approvals" / "roster.yaml").people
    assert (entry.printed_name, entry.keyid, entry.roles, entry.markets) == (NAME, keyid, ("medical",), ("US",))
    again = run.invoke(
        keys_command, ["enrol", str(tmp_path / "out.json"), "--role", "medical", "--market", "US"], obj=root
    )
    assert again.exit_code == 1
    call("enrol", str(tmp_path / "out.json"), "--role", "legal", "--until", "2099-01-01", "--since", "2026-02-01")
    assert len(read_roster(root / "approvals" / "roster.yaml").people) == 2
    files = ("--passphrase-file", str(tmp_path / "p1"), "--new-passphrase-file", str(tmp_path / "p2"))
    call("change-passphrase", "jane", *files)
    assert open_signer(tmp_path / "keys" / "jane", "another passphrase").keyid == keyid


def test_without_anybody_to_ask_no_key_is_made(tmp_path: Path) -> None:
    ran = CliRunner().invoke(keys_command, ["new", "jane", "--name", NAME, "--folder", str(tmp_path)])
    assert isinstance(ran.exception, UsageError)
    assert "passphrase" in str(ran.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_named_plainly(tmp_path: Path) -> None:
    for name in ("../x", "a/b", ".hidden", ""):
        ran = CliRunner().invoke(keys_command, ["new", name, "--name", NAME, "--folder", str(tmp_path)])
        assert isinstance(ran.exception, UsageError), name


def test_the_passphrase_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONLABEL_KEY_PASSPHRASE", WORDS)
    ran = CliRunner().invoke(keys_command, ["new", "jane", "--name", NAME, "--folder", str(tmp_path)])
    assert ran.exit_code == 0
    assert open_signer(tmp_path / "jane", WORDS).public.name == NAME


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OnlabelError, match="cannot be written"):
        new_key(tmp_path / "k", WORDS, NAME)
