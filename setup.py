"""Everything about the package is in settings.ini; this hands it to setuptools."""
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

config = ConfigParser()
config.read(Path(__file__).parent / "settings.ini", encoding="utf-8")
settings = config["DEFAULT"]
extras = {name: settings[name + "_requirements"].split() for name in ("sweep", "dask", "files", "borders", "site", "collider", "bench", "dev")}
extras["dev"] += [package for name in ("sweep", "dask", "files", "borders", "site", "collider") for package in extras[name]]

setup(
    name=settings["lib_name"],
    version=settings["version"],
    description=settings["description"],
    author=settings["author"],
    license="MIT",
    packages=find_packages(include=["lrguide", "lrguide.*"]),
    package_data={"lrguide": ["htautau.npz.xz", "htautau.txt", "dijets.npz.xz", "dijets.txt"]},
    python_requires=">=" + settings["min_python"],
    install_requires=settings["requirements"].split(),
    extras_require=extras,
    entry_points={"console_scripts": settings["console_scripts"].split()},
)
