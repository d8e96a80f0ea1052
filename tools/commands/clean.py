"""clean          remove .dev/, once no ./dev of this checkout runs"""

import pathlib
import shutil

import console
import places
import postgres
from console import Failure


def run(args):
    """Remove all that ``./dev`` made in this checkout."""
    if not places.DEV.exists():
        console.say("There is no .dev/ here.")
        return 0
    if places.is_in_use():
        raise Failure("Another ./dev of this checkout runs: end it first")
    outside = postgres.outside_folder()
    sockets = pathlib.Path("/tmp") / f"aao2-{places.checkout_key()}"
    for folder in filter(None, (outside, sockets)):
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
            console.say(f"Removed {folder}")
    shutil.rmtree(places.DEV)
    console.say(f"Removed {places.DEV}")
    if places.DEV not in places.CACHE.parents:
        console.say(f"The shared cache stays: {places.CACHE}")
    return 0
