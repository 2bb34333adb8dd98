"""python-tuf's client at work: from what was trusted before to the newest metadata of a source.

Guarantees: the client workflow of The Update Framework (specification, section 5) with the given root as its anchor
and ``now`` as its clock: rollback, freeze, mix-and-match, endless data and wrong keys are refused there. What it
accepted is kept, so that nothing older is ever accepted again. Its errors come out as ours, with words that say what
to do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.errors import IntegrityError, OnlabelError
from assistant.releases.fetching import Source, fetcher_of
from assistant.trust import disk


def refresh(source: Source, client: Path, given_root: bytes, now: dt.datetime) -> None:
    """Bring the metadata in ``client`` up to that of ``source``.

    :raises IntegrityError: what the source holds is refused.
    :raises OnlabelError: the source cannot be read, or the disk not written.
    """
    from tuf.ngclient import Updater  # type: ignore[attr-defined]

    client.mkdir(parents=True, exist_ok=True)
    with _in_our_words(source.base), disk.settling("the release's metadata cannot be kept"):
        updater = Updater(
            metadata_dir=str(client),
            metadata_base_url=f"{source.base}/metadata/",
            fetcher=fetcher_of(source),
            bootstrap=given_root,
        )
        # python-tuf reads the machine's clock and offers no other way; our clock never runs behind what was signed.
        updater._trusted_set.reference_time = now
        updater.refresh()


def gather_proof(client: Path, folder: Path) -> None:
    """Copy what :func:`refresh` accepted into ``folder``, named as in a repository: everything :func:`prove` needs."""
    import json

    for root in sorted((client / "root_history").glob("*.root.json")):
        disk.write_whole(folder / root.name, root.read_bytes())
    disk.write_whole(folder / "timestamp.json", (client / "timestamp.json").read_bytes())
    for role in ("snapshot", "targets"):
        data = (client / f"{role}.json").read_bytes()
        version = json.loads(data)["signed"]["version"]  # python-tuf has just proved these bytes
        disk.write_whole(folder / f"{version}.{role}.json", data)


@contextmanager
def _in_our_words(source: str) -> Iterator[None]:
    from tuf.api import exceptions

    try:
        yield
    except exceptions.ExpiredMetadataError as error:
        raise IntegrityError(
            f"the release in {source} has expired ({error}): get a newer copy; what is installed stays in use"
        ) from error
    except exceptions.BadVersionNumberError as error:
        raise IntegrityError(
            f"{source} holds older metadata than was seen before, or a wrong version ({error}): it is refused; get a "
            "newer copy"
        ) from error
    except exceptions.UnsignedMetadataError as error:
        raise IntegrityError(
            f"{source} is not signed by enough of the keys that are trusted ({error}): it is refused"
        ) from error
    except (exceptions.RepositoryError, exceptions.DownloadLengthMismatchError) as error:
        raise IntegrityError(f"the metadata in {source} is refused: {error}") from error
    except exceptions.DownloadHTTPError as error:
        raise OnlabelError(f"{source} holds no whole release ({error})") from error
    except exceptions.DownloadError as error:
        raise OnlabelError(f"{source} cannot be read ({error}); what is installed stays in use") from error
    except (ValueError, KeyError, TypeError) as error:
        raise IntegrityError(f"the metadata in {source} is malformed: it is refused") from error
