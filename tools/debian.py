"""Debian: packages installed with apt, packages downloaded and only unpacked."""

import os
import shutil
import subprocess

import console
import processes
from console import Failure


def require(*packages):
    """Install those of the packages that are missing, naming them first."""
    missing = [name for name in packages if not _installed(name)]
    if not missing:
        return
    names = " ".join(missing)
    console.say(f"· Needed from Debian, to be installed with apt-get: {names}")
    prefix = _root_prefix(names)
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    keep = ["--preserve-env=DEBIAN_FRONTEND"] if prefix else []
    apt = [*prefix, *keep, "apt-get", "-o", "DPkg::Lock::Timeout=300"]
    with console.step(f"Installing {names}"):
        update = [*apt, "-qq", "update"]
        processes.run_logged(update, "apt-update.log", "read Debian's lists", env=env)
        install = [*apt, "-qq", "-y", "--no-install-recommends", "install", *missing]
        processes.run_logged(install, "apt-install.log", f"install {names}", env=env)


def _installed(package):
    """Whether dpkg knows the package as installed."""
    answer = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Status}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.endswith(" installed")


def _root_prefix(names):
    """The words before a command that needs root: none, or sudo."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        return ["sudo"]
    raise Failure(f"That needs root. Please run: apt-get install {names}")


def mirror():
    """The address of the mirror that apt uses for its main suite."""
    answer = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(SUITE) $(COMPONENT)"],
        capture_output=True,
        text=True,
        check=False,
    )
    for line in answer.stdout.splitlines():
        address, suite, component = [*line.split(), "", ""][:3]
        if component == "main" and "-" not in suite:
            return address
    raise Failure("Could not find Debian's mirror: apt has no main suite configured")


def download(packages, suite, folder):
    """Download packages of a suite into a folder without touching the system.

    apt works on lists of its own in that folder, and checks Debian's signatures
    with Debian's keyring as always.
    """
    state = folder
    for name in ("lists/partial", "cache/archives/partial", "deb"):
        (state / name).mkdir(parents=True)
    source = state / "sources.list"
    source.write_text(f"deb {mirror()} {suite} main\n")
    options = {
        # Else apt is content with no list at all.
        "APT::Update::Error-Mode": "any",
        "Dir::Etc::SourceList": source,
        "Dir::Etc::SourceParts": "-",
        "Dir::State::Lists": state / "lists",
        "Dir::Cache": state / "cache",
        # Else apt drops to a user that may not write into our folder.
        "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
    }
    apt = ["apt-get", "-qq"]
    for key, value in options.items():
        if value:
            apt += ["-o", f"{key}={value}"]
    names = " ".join(packages)
    log = f"apt-{suite}.log"
    processes.run_logged(
        [*apt, "update"], log, f"download {names}: no list of Debian {suite}"
    )
    processes.run_logged(
        [*apt, "download", *packages], log, f"download {names}", cwd=state / "deb"
    )
    debs = sorted((state / "deb").glob("*.deb"))
    if len(debs) < len(packages):
        raise Failure(f"Could not download {names}: apt left only {len(debs)} files")
    return debs


def unpack(debs, prefix):
    """Unpack packages into a prefix, running none of their scripts."""
    for deb in debs:
        processes.run_logged(
            ["dpkg-deb", "-x", deb, prefix], "unpack.log", f"unpack {deb.name}"
        )
