"""A signed withdrawal list, installed alone: it came by mail, acts at once, and no release ever clears it.

Guarantees: when :func:`apply_withdrawals` returns, every opening of the install gives the withdrawal out; it survives
updates, whatever their age, and its loss is noticed. Works whatever the clock says and however old the release is: to
withdraw is always safe. Refuses what ``verify`` does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from assistant.canonical import sha256_hex
from assistant.errors import ContentError
from assistant.trust import disk
from assistant.trust.installed.folder import InstallFolder, in_use
from assistant.trust.installed.opening import prove_installed

#: A list is small enough to send by mail.
LONGEST = 1_000_000

#: Proves a withdrawal's bytes against the roster of the release in a folder.
#: Raises :class:`~assistant.errors.IntegrityError` where it is not signed by one who may.
VerifyWithdrawal = Callable[[bytes, Path], None]


def apply_withdrawals(file: Path, install: Path, now: dt.datetime, verify: VerifyWithdrawal) -> bool:
    """Apply the withdrawals in ``file`` to ``install``; whether they were new.

    :raises IntegrityError: they are not signed by one who may, or the release that says who may fails its own proof.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ContentError(f"cannot be read: {error.strerror}", file) from error
    if len(data) > LONGEST:
        raise ContentError("is too long for a withdrawal list", file)
    folder = InstallFolder.find(install)
    with disk.settling("the withdrawal cannot be kept"), disk.locked(folder.root):
        state = folder.state()
        without = state.model_copy(update={"withdrawals": ()})  # a damaged one must not keep the next one out
        verify(data, prove_installed(folder, in_use(folder), now, without).root)
        sha256 = sha256_hex(data)
        disk.write_whole(folder.withdrawals / f"{sha256}.dsse.json", data)
        if sha256 in state.withdrawals:
            return False
        folder.write_state(state.model_copy(update={"withdrawals": (*state.withdrawals, sha256)}))
    return True
