"""django-oauth-toolkit, to be measured against: ``benchmarks/django_project``."""

import contextlib
import json
import os
import subprocess
from dataclasses import dataclass
from typing import Any

import bench_tokens
import places
import processes
import python_env
from console import Failure

PROJECT = places.ROOT / "benchmarks" / "django_project"
WORKERS = 2
LOG = "bench-django.log"


def packages():
    """What is measured, as pip names it."""
    lines = (places.TOOLS / "requirements-bench.txt").read_text().splitlines()
    return ", ".join(line for line in lines if not line.startswith("#"))


@dataclass(frozen=True)
class Running:
    """What ``records.py`` told, and gunicorn's process."""

    told: dict
    process: Any


@contextlib.contextmanager
def serving(pg, database, listening):
    """gunicorn with the project and its records; yields ``Running``.

    :param pg: PG* variables
    :param database: name of an empty database
    :param listening: a ``ports.Listening``
    """
    python = python_env.for_bench()
    given = {"BENCH_DATABASE": database, "DJANGO_SETTINGS_MODULE": "settings"}
    options = {"cwd": PROJECT, "env": os.environ | pg | given}
    with (places.LOGS / LOG).open("w") as log:
        options["stderr"] = log
        records = [python, PROJECT / "records.py", str(bench_tokens.REFRESH_TOKENS)]
        made = subprocess.run(records, stdout=subprocess.PIPE, check=False, **options)
        if made.returncode:
            raise Failure(f"Django made no records; see {places.LOGS / LOG}")
        command = [python, "-m", "gunicorn", f"--workers={WORKERS}"]
        command += [f"--bind=fd://{listening.socket.fileno()}"]
        command += ["django.core.wsgi:get_wsgi_application()"]
        options["pass_fds"] = [listening.socket.fileno()]
        with processes.running(command, stdout=log, **options) as server:
            yield Running(json.loads(made.stdout), server)
