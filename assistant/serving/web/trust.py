"""``/v1/trust``: what a browser needs to prove that a receipt is of a release that somebody signed.

A key from here proves that the answers of this server agree with each other and nothing more: whoever answers falsely
can name false keys. A key that is to be trusted is pinned in the page (the widget's ``trust`` attribute).
"""

from __future__ import annotations

import json
from typing import Any

from assistant.trust.installed.folder import InstallFolder
from assistant.trust.installed.metadata import Proved, threshold_of
from assistant.trust.installed.opening import InstalledRelease, prove_metadata

SCHEMA = "onlabel.trust/1"


def trust_of(release: InstalledRelease | None) -> dict[str, Any]:
    """The release in use, its signed metadata as they stand, and the keys of its root of trust.

    ``targets`` is the signed targets metadata, byte for byte: its SHA-256 is the receipt's ``release.targets_sha256``,
    and it names the SHA-256 of ``release_json``, byte for byte, which names the receipt's ``ledger`` and ``index``.
    ``keys``: role -> keys and how many of them must sign. A preview has none of this.
    """
    if release is None:
        return {"schema": SCHEMA, "preview": True, "release": None, "targets": None, "release_json": None, "keys": {}}
    folder = InstallFolder.find(release.install)
    installed = folder.installed(release.number)
    proved = prove_metadata(folder, installed)
    proofs = folder.proofs / installed.proof
    return {
        "schema": SCHEMA,
        "preview": False,
        "release": release.as_json(),
        "targets": (proofs / f"{proved.number}.targets.json").read_text(encoding="utf-8"),
        "release_json": (release.root / "release.json").read_text(encoding="utf-8"),
        "keys": _keys(folder, installed.proof, proved),
    }


def _keys(folder: InstallFolder, proof: str, proved: Proved) -> dict[str, Any]:
    path = folder.proofs / proof / f"{proved.root_version}.root.json"
    data = path.read_bytes() if path.is_file() else folder.given_root()
    root = json.loads(data)["signed"]
    return {
        role: {
            "threshold": threshold_of(root["roles"][role]),
            "keys": [
                {"keyid": id, "public": root["keys"][id]["keyval"]["public"]} for id in root["roles"][role]["keyids"]
            ],
        }
        for role in ("root", "targets")
    }
