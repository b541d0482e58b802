"""Everything about the package is in settings.ini; this hands it to setuptools."""
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
config = ConfigParser()
config.read(here / "settings.ini", encoding="utf-8")
settings = config["DEFAULT"]
extras = {name.removesuffix("_requirements"): settings[name].split() for name in settings if name.endswith("_requirements")}
extras["dev"] += [package for name in extras if name not in ("dev", "bench") for package in extras[name]]

setup(
    name=settings["lib_name"],
    version=settings["version"],
    description=settings["description"],
    long_description=(here / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author=settings["author"],
    keywords=settings["keywords"].split(),
    license="MIT",
    license_files=["LICENSE"],
    classifiers=["Development Status :: 3 - Alpha", "Intended Audience :: Science/Research", "Intended Audience :: Education",
                 "Operating System :: POSIX", "Programming Language :: Python :: 3", "Topic :: Scientific/Engineering :: Physics",
                 *(f"Programming Language :: Python :: {version}" for version in settings["pythons"].split())],
    packages=find_packages(include=["lrguide", "lrguide.*"]),
    package_data={"lrguide": ["*.npz.xz", "*.txt", "*.bib"]},
    python_requires=">=" + settings["min_python"],
    install_requires=settings["requirements"].split(),
    extras_require=extras,
    entry_points={"console_scripts": settings["console_scripts"].split()},
)
