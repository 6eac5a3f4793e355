"""What root makes in somebody's folder is theirs: else the daemon, which is not root, could not use it."""

import os
from collections.abc import Iterable
from pathlib import Path


def handed_over(paths: Iterable[Path], uid: int, gid: int) -> None:
    """Give these to a user; links themselves, not what they lead to."""
    for path in paths:
        os.chown(path, uid, gid, follow_symlinks=False)


def as_its_folder(*paths: Path) -> None:
    """Give each to the owner of the folder it lies in, if we are root."""
    if os.geteuid() != 0:
        return
    for path in paths:
        owner = path.parent.stat()
        handed_over([path], owner.st_uid, owner.st_gid)
