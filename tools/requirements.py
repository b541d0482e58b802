"""Prints requirements of settings.ini, one a line: what `make lock` resolves.

Without arguments the package's own and the developers', those of all extras but the benchmarks included; `bench` gives the benchmarks' peers."""

import sys
from configparser import ConfigParser
from pathlib import Path

config = ConfigParser()
config.read(Path(__file__).parent.parent / "settings.ini", encoding="utf-8")
settings = config["DEFAULT"]
kinds = [kind + "_requirements" for kind in sys.argv[1:]] or [name for name in settings if name.endswith("requirements") and name != "bench_requirements"]
for kind in kinds:
    print(*settings[kind].split(), sep="\n")
