"""The addon as it is installed: what git has of it but ``export-ignore`` files.

See ``.gitattributes``. The tree lies in a folder with the addon's technical name, as
Odoo, pylint-odoo and whool take the name of an addon from its folder.
"""

import contextlib
import io
import os
import pathlib
import subprocess
import tarfile
import tempfile

import places
from console import Failure


def head(folder):
    """Export the last commit into a folder; return the addon's path in it."""
    return _unpack("HEAD", folder)


def companion(path, folder):
    """Export a glue addon of the last commit into a folder; return its path in it."""
    inside = path.relative_to(places.ROOT).as_posix()
    return _unpack(f"HEAD:{inside}", folder, path.name)


def working_tree(folder):
    """Export the files as they are, new ones included, but those that git ignores.

    :return: the addon's path in the folder
    """
    with _staged() as env:
        tree = _git("write-tree", **env).decode().strip()
        return _unpack(tree, folder, **env)


def checkout(folder):
    """Write a clone's files into a folder, as they are, ``export-ignore`` ones too.

    :return: the addon's path in the folder
    """
    addon = pathlib.Path(folder, places.ADDON)
    with _staged() as env:
        _git("checkout-index", "--all", f"--prefix={addon}/", **env)
    return addon


@contextlib.contextmanager
def _staged():
    """All files of the working tree in an index of its own; git's stays as it is.

    Yields the variables by which git finds it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        env = {
            "GIT_INDEX_FILE": f"{scratch}/index",
            "GIT_OBJECT_DIRECTORY": scratch,
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _path("objects"),
        }
        index = pathlib.Path(_path("index"))
        if index.exists():
            pathlib.Path(scratch, "index").write_bytes(index.read_bytes())
        _git("add", "--all", **env)
        yield env


def differs_from_head():
    """Whether the working tree has what the last commit has not."""
    return bool(_git("status", "--porcelain"))


def _unpack(tree, folder, name=places.ADDON, **env):
    """Write the files of a git tree below the folder, in one of that name."""
    packed = _git("archive", f"--prefix={name}/", tree, **env)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder)  # made by our own git a moment ago
    return pathlib.Path(folder, name)


def _path(name):
    """The absolute path of a part of the repository's ``.git``."""
    told = _git("rev-parse", "--path-format=absolute", "--git-path", name)
    return told.decode().strip()


def _git(*words, **env):
    # A clone may belong to another user, as in a container.
    command = ["git", "-c", f"safe.directory={places.ROOT}", *words]
    done = subprocess.run(
        command, cwd=places.ROOT, env=os.environ | env, capture_output=True, check=False
    )
    if done.returncode:
        raise Failure(f"git {words[0]}: {done.stderr.decode().strip()}")
    return done.stdout
