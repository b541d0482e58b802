"""Installs a lock file with pip and says how far it is: pip alone is silent for minutes or prints a thousand lines.

    python tools/install.py requirements.lock
"""

import re
import subprocess
import sys
import time
from pathlib import Path


def wanted(lock: Path) -> int:
    """How many packages the lock file names that are for this Python and this machine, as pip itself reads markers."""
    from pip._vendor.packaging.requirements import Requirement

    lines = [line for line in lock.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith(("#", "-"))]
    return sum(not found.marker or found.marker.evaluate() for found in map(Requirement, lines))


def main(lock: str) -> int:
    """The exit status of pip; a line every ten seconds of what is fetched, and the last of what pip said if it fails."""
    total, start, seen, said = wanted(Path(lock)), time.monotonic(), set(), 0.0
    print(f"Installing {total} packages of {lock} into {sys.prefix}.", flush=True)
    words = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-color", "install", "--progress-bar", "off", "-r", lock]
    process, told = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True), []
    for line in process.stdout:
        told = [*told[-30:], line.rstrip()]
        now = time.monotonic() - start
        if found := re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+?)(?:==| |$)", line):
            seen.add(found[1].lower())
            if now - said > 10:
                said = now
                print(f"  {len(seen)} of {total} found ({now:.0f} s): {found[1]}", flush=True)
        elif line.startswith("  Downloading") and "MB" in line and now - said > 2:
            said = now
            print(f"  {len(seen)} of {total} found ({now:.0f} s): fetching {line.split()[1].split('/')[-1].split('-')[0]} {line[line.find('('):].strip()}", flush=True)
        elif line.startswith("Installing collected packages"):
            print(f"  all found ({now:.0f} s); unpacking them, which takes a minute or two without a word", flush=True)
    if process.wait():
        print("\n".join(told), file=sys.stderr)
    else:
        print(f"  installed ({time.monotonic() - start:.0f} s)", flush=True)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
