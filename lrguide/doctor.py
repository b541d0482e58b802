"""The command `lrguide doctor`: what of this installation works, what is absent, and how to get it.

Nothing slow is imported here: the backend is asked for its devices in a process of its own.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from lrguide import __version__, run

ROOT = Path(__file__).resolve().parent.parent
MACHINERY = ("papermill", "ipykernel", "jupyter_client", "IPython")  # what `lrguide run` needs of the extra `chapters`
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
PATIENCE = 90.0  # seconds for the backend to answer
QUESTION = """
import json, keras
name = keras.backend.backend()
if name == "tensorflow":
    import tensorflow
    found, version = [device.device_type for device in tensorflow.config.list_physical_devices()], tensorflow.__version__
else:
    import importlib
    module = importlib.import_module(name)
    found, version = [device.platform.upper() for device in module.devices()], module.__version__
print("\\nDEVICES " + json.dumps([name, version, keras.__version__, found]))
"""


@dataclass(frozen=True)
class Finding:
    state: str  # 'ok', 'note' (absent, or other than expected, but all that is needed works) or 'BROKEN'
    what: str
    words: str
    section: str = ""


def check_machinery() -> None:
    """None; raises UsageError if what runs chapters is not installed."""
    if missing := [name for name in MACHINERY if not find_spec(name)]:
        raise run.UsageError(f"chapters: expected {', '.join(missing)} to be installed (the extra `chapters`: {cure('chapters')})")


def cure(extra: str) -> str:
    """The command that installs an extra: of the clone, or of the package wherever it came from."""
    return f"pip install -e '.[{extra}]'" if (ROOT / "settings.ini").exists() else f"pip install 'lrguide[{extra}]'"


# --- what should be here -----------------------------------------------------------------------------------------------------


def declared() -> dict[str, list]:
    """What the package requires, by extra, '' for what it always needs: of the clone's settings.ini or of the installed package."""
    from packaging.requirements import Requirement

    if (file := ROOT / "settings.ini").exists():
        config = ConfigParser()
        config.read(file, encoding="utf-8")
        settings, end = config["DEFAULT"], "requirements"
        return {name.removesuffix(end).removesuffix("_"): [Requirement(text) for text in settings[name].split()]
                for name in settings if name.endswith(end)}
    found = {"": []}
    for text in metadata.requires("lrguide") or []:
        requirement = Requirement(text)
        for extra in metadata.metadata("lrguide").get_all("Provides-Extra") or []:
            if requirement.marker and requirement.marker.evaluate({"extra": extra}):
                found.setdefault(extra, []).append(requirement)
        if not requirement.marker or requirement.marker.evaluate({"extra": ""}):
            found[""].append(requirement)
    return found


def locked(file: Path = ROOT / "requirements.lock") -> dict[str, str]:
    """The versions that a lock file gives this Python on this machine, by name; nothing without the file."""
    from packaging.requirements import Requirement

    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    pins = [Requirement(line) for line in lines if "==" in line and not line.startswith(("#", " ", "-"))]
    return {pin.name: str(pin.specifier).removeprefix("==") for pin in pins if not pin.marker or pin.marker.evaluate()}


def installed(name: str) -> str | None:
    """The version of a distribution, None if there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def writable(folder: Path) -> bool:
    """Whether files can be written there, or below its nearest parent that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


# --- what is here ------------------------------------------------------------------------------------------------------------


def of_python() -> Iterator[Finding]:
    """Python, this package, its chapters."""
    least = (3, 11)
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("ok" if sys.version_info >= least else "BROKEN", "Python", f"{version}, {sys.executable}"
                  + ("" if sys.version_info >= least else f": at least {least[0]}.{least[1]} is needed"))
    yield Finding("ok", "lrguide", f"{__version__}, {Path(__file__).resolve().parent}")
    try:
        chapters = run.find_chapters()
        yield Finding("ok", "chapters", f"{len(chapters)} in {run.NOTEBOOKS}")
    except run.UsageError:
        yield Finding("note", "chapters", "none here: figures, run, sweep and list need a clone, or --notebooks DIR")


def of_packages() -> Iterator[Finding]:
    """What is always needed, its versions, and each extra."""
    needs, lock = declared(), locked()
    for requirement in needs.pop(""):  # what is absent of it is broken
        version = installed(requirement.name)
        if version is None:
            yield Finding("BROKEN", requirement.name, "not installed: pip install " + requirement.name)
        elif not requirement.specifier.contains(version, prereleases=True):
            yield Finding("BROKEN", requirement.name, f"{version}: expected {requirement.specifier}")
        else:
            other = lock.get(requirement.name, version)
            yield Finding("ok" if other == version else "note", requirement.name, version + ("" if other == version else f" (requirements.lock: {other})"))
    for extra, requirements in needs.items():
        absent = [f"{one.name}{one.specifier}" for one in requirements if (version := installed(one.name)) is None or not one.specifier.contains(version, prereleases=True)]
        missing = f"without {', '.join(absent[:6])}{f' and {len(absent) - 6} more' if len(absent) > 6 else ''}: {cure(extra)}"
        yield Finding("note" if absent else "ok", extra, missing if absent else ", ".join(one.name for one in requirements), "optional parts")


def ask_backend() -> subprocess.Popen:
    """A process that tells the backend's devices, started."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen([sys.executable, "-c", QUESTION], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, env=quiet | dict(os.environ))


def of_backend(asked: subprocess.Popen, patience: float = PATIENCE) -> Iterator[Finding]:
    """The backend and its devices, as the process tells; and the threads."""
    wanted = run.backend_in_use()
    try:
        told, complaint = asked.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        asked.kill()
        asked.communicate()
        yield Finding("note", "backend", f"{wanted}: no answer in {patience:.0f} s (a busy machine, or a driver that hangs)", "computing")
        return
    answer = next((line for line in told.splitlines() if line.startswith("DEVICES ")), None)
    if wanted not in ("tensorflow", "jax"):
        yield Finding("BROKEN", "backend", f"KERAS_BACKEND: expected tensorflow or jax, got {wanted}", "computing")
    elif not answer:
        lines = complaint.strip().splitlines() or ["it ended without a word"]
        yield Finding("BROKEN", "backend", f"{wanted}: {lines[-1][:200]}", "computing")
    else:
        name, version, keras, found = json.loads(answer.removeprefix("DEVICES "))
        devices = ", ".join(f"{found.count(kind)} {kind}" for kind in dict.fromkeys(found))
        here = f"{name} {version}, Keras {keras}, devices: {devices or 'none'}"
        if name != wanted:
            yield Finding("BROKEN", "backend", f"{here}; expected {wanted} (~/.keras/keras.json chooses another: set KERAS_BACKEND={wanted})", "computing")
        elif shutil.which("nvidia-smi") and "GPU" not in found and "CUDA" not in found:
            cure = {"tensorflow": "tensorflow[and-cuda]", "jax": "jax[cuda12]"}[name]
            yield Finding("note", "backend", f"{here}; a graphics card seems to be here that it does not see: pip install '{cure}'", "computing")
        else:
            yield Finding("ok", "backend", here, "computing")


def of_machine() -> Iterator[Finding]:
    """Cores and threads."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    given = [f"{name}={os.environ[name]}" for name in THREADS if name in os.environ]
    yield Finding("ok", "threads", f"{cores} cores; " + (", ".join(given) or "as many threads as the libraries like (OMP_NUM_THREADS is not set)"), "computing")


def of_data() -> Iterator[Finding]:
    """Samples and folders."""
    from lrguide import data, files

    for sample in ("htautau", "dijets"):
        path = files.sample_path(f"{sample}.npz.xz")
        made = f"{path}, {path.stat().st_size:,} bytes" if path.exists() else f"{path} is missing: install the package again"
        yield Finding("ok" if path.exists() else "BROKEN", sample, made, "data")
    try:
        atlas = data.higgsml_path()
        yield Finding("ok" if atlas else "note", "higgsml", str(atlas) if atlas else "absent: `lrguide data higgsml` fetches it, 66 MB; chapters do without", "data")
    except ValueError as error:
        yield Finding("note", "higgsml", str(error), "data")
    for name, folder, serious in (("cache", files.data_folder(), "note"), ("temporary", Path(tempfile.gettempdir()), "BROKEN"), ("this one", Path.cwd(), "note")):
        good = writable(folder)
        yield Finding("ok" if good else serious, name, f"{folder}{'' if good else ' cannot be written'}", "folders")


def examine(patience: float = PATIENCE) -> Iterator[Finding]:
    """All findings, the slow one last; what cannot even be looked at is broken."""
    asked = ask_backend()
    for part in (of_python, of_packages, of_data, of_machine):
        try:
            yield from part()
        except (ImportError, metadata.PackageNotFoundError) as error:
            yield Finding("BROKEN", "package", f"{type(error).__name__}: {error}", "packages")
    yield from of_backend(asked, patience)


def doctor(options: argparse.Namespace) -> int:
    """The exit status, 1 if something is broken that is needed; prints what was found."""
    section, broken = "", []
    for found in examine():
        if found.section != section:
            print(f"\n{found.section}")
        section = found.section
        print(f"  {found.state:<7}{found.what:<14}{found.words}", flush=True)
        broken += [found.what] if found.state == "BROKEN" else []
    print(f"\nbroken: {', '.join(broken)}" if broken else "\nnothing that is needed is broken")
    return 1 if broken else 0
