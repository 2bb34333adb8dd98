"""Where releases come from: a folder (share, USB stick) or a static web server; and how a file gets into the store.

Guarantees: a file in the store bears the SHA-256 that names it; what a broken transfer left is continued, not trusted;
no more bytes are read than were signed for. Refuses links and special files on the way, and every scheme but http and
https. TLS is welcome and not needed: nothing that comes this way is believed before its signature or hash was checked.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from assistant.errors import IntegrityError, OnlabelError, UsageError
from assistant.trust import disk
from assistant.trust.installed.files import is_plain, sha256_of
from assistant.trust.installed.metadata import Target

if TYPE_CHECKING:
    from tuf.ngclient import FetcherInterface  # type: ignore[attr-defined]

_CHUNK = 1 << 18
_PATIENCE_S = 30.0


class Source(Protocol):
    """A published release repository, read only."""

    @property
    def base(self) -> str:
        """What it is called, without a slash at the end."""

    def read(self, path: str, offset: int = 0) -> Iterator[bytes]:
        """The bytes of the file ``path`` from ``offset`` on.

        :raises FileNotFoundError: there is no such file.
        :raises OSError: it cannot be read.
        """


def source_of(given: str) -> Source:
    """The source that a folder or a URL names.

    :raises UsageError: it is neither.
    """
    if given.startswith(("http://", "https://")):
        return HttpSource(given.rstrip("/"))
    folder = Path(given)
    if "://" in given or not folder.is_dir():
        raise UsageError(f"{given} is no folder and no http(s) URL: give the folder that `release publish` made")
    return FolderSource(folder.resolve())


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A folder."""

    root: Path

    @property
    def base(self) -> str:
        return self.root.as_posix().rstrip("/")

    def read(self, path: str, offset: int = 0) -> Iterator[bytes]:
        """See :class:`Source`."""
        place = self.root / path
        # A link could lead to any file of this machine, a pipe could make us wait for ever.
        if not stat.S_ISREG(place.lstat().st_mode) or not place.resolve().is_relative_to(self.root):
            raise OSError(f"{place} is a link or no plain file")
        return self._chunks(place, offset)

    def _chunks(self, place: Path, offset: int) -> Iterator[bytes]:
        with place.open("rb") as file:
            file.seek(offset)
            while chunk := file.read(_CHUNK):
                yield chunk


@dataclass(frozen=True, slots=True)
class HttpSource:
    """A static web server; ranges are used where it knows them."""

    base: str

    def read(self, path: str, offset: int = 0) -> Iterator[bytes]:
        """See :class:`Source`."""
        import http.client
        import urllib.error
        import urllib.parse
        import urllib.request

        headers = {"Range": f"bytes={offset}-"} if offset else {}
        # The path's characters are those of names.py and of TUF's own file names: nothing in it is escaped twice.
        request = urllib.request.Request(f"{self.base}/{path}", headers=headers)  # noqa: S310 - http(s), see source_of
        opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler,
            urllib.request.HTTPHandler,
            urllib.request.HTTPSHandler,
            urllib.request.HTTPRedirectHandler,
            urllib.request.HTTPDefaultErrorHandler,
            urllib.request.HTTPErrorProcessor,
        ):
            opener.add_handler(handler())  # no ftp:, file: or data: behind a redirection
        try:
            answer = opener.open(request, timeout=_PATIENCE_S)
        except urllib.error.HTTPError as error:
            with error:
                if error.code in (403, 404, 410):
                    raise FileNotFoundError(f"{self.base}/{path}: HTTP {error.code}") from error
                raise OSError(f"{self.base}/{path}: HTTP {error.code}") from error
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(f"{self.base}/{path}: {error}") from error
        skip = offset if offset and answer.status != 206 else 0
        return self._chunks(answer, skip)

    def _chunks(self, answer: object, skip: int) -> Iterator[bytes]:
        import http.client

        assert isinstance(answer, http.client.HTTPResponse)  # noqa: S101 - what urllib's http handlers give
        with answer:
            while True:
                try:
                    chunk = answer.read(_CHUNK)
                except http.client.HTTPException as error:
                    raise OSError(f"the transfer broke off: {error}") from error
                if not chunk:
                    return
                yield chunk[skip:]
                skip = max(0, skip - len(chunk))


def fetcher_of(source: Source) -> FetcherInterface:
    """``source`` as python-tuf wants it."""
    from tuf.api.exceptions import DownloadError, DownloadHTTPError
    from tuf.ngclient import FetcherInterface  # type: ignore[attr-defined]

    class Fetcher(FetcherInterface):  # type: ignore[misc,unused-ignore]
        def _fetch(self, url: str) -> Iterator[bytes]:
            path = url.removeprefix(f"{source.base}/")
            try:
                yield from source.read(path)
            except (FileNotFoundError, NotADirectoryError) as error:
                raise DownloadHTTPError(f"{path} is not there", 404) from error
            except OSError as error:
                raise DownloadError(f"{path}: {error}") from error

    return Fetcher()


@dataclass(frozen=True, slots=True)
class Store:
    """Files under the names of their SHA-256, shared by the releases of an install."""

    root: Path

    def path(self, sha256: str) -> Path:
        return self.root / sha256

    def holds(self, target: Target) -> bool:
        """Whether the file is there, whole and unchanged."""
        path = self.path(target.sha256)
        return is_plain(path, target.length) and sha256_of(path) == target.sha256

    def fetch(self, source: Source, target: Target) -> int:
        """Have ``target`` in the store; the number of bytes that had to be fetched.

        :raises IntegrityError: the source gives other bytes than were signed for.
        :raises OnlabelError: the source or the disk fails; what came so far is continued next time.
        """
        if self.holds(target):
            return 0
        disk.remove(self.path(target.sha256))
        partial = self.root / f"{target.sha256}.part"
        begun = partial.stat().st_size if is_plain(partial) else 0
        try:
            return self._transfer(source, target, partial, begun)
        except IntegrityError:
            disk.remove(partial)
            if not begun:
                raise
            return self._transfer(source, target, partial, 0)  # what was there before was to blame, perhaps

    def _transfer(self, source: Source, target: Target, partial: Path, begun: int) -> int:
        self.root.mkdir(parents=True, exist_ok=True)
        digest, length = hashlib.sha256(), begun
        with partial.open("r+b" if begun else "wb") as file:
            while chunk := file.read(_CHUNK) if begun else b"":
                digest.update(chunk)
            for chunk in _reading(source, target, begun):
                length += len(chunk)
                if length > target.length:
                    raise IntegrityError(f"{target.path} is longer than was signed for: it is refused")
                file.write(chunk)
                digest.update(chunk)
            file.flush()
            os.fsync(file.fileno())
        if length < target.length and length > begun:
            raise OnlabelError(f"{target.path} came in part only: run the same command again to go on")
        if length != target.length or digest.hexdigest() != target.sha256:
            raise IntegrityError(f"{target.path} is not the file that was signed for: it is refused")
        disk.move(partial, self.path(target.sha256))
        return length - begun


def _reading(source: Source, target: Target, offset: int) -> Iterator[bytes]:
    if offset >= target.length and offset:
        return
    try:
        yield from source.read(target.published_as, offset)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise IntegrityError(f"{target.path} was signed for, but {source.base} does not hold it") from error
    except OSError as error:
        raise OnlabelError(f"{target.path} cannot be fetched: {error}; run the same command again to go on") from error
