"""Prints the requirements of settings.ini, the developers' too, one a line: what `make lock` resolves."""

from configparser import ConfigParser
from pathlib import Path

config = ConfigParser()
config.read(Path(__file__).parent.parent / "settings.ini", encoding="utf-8")
settings = config["DEFAULT"]
print(*settings["requirements"].split(), *settings["dev_requirements"].split(), sep="\n")
