"""Likelihood-ratio machine learning for particle physics searches: what learns gives log ratios, what decides takes them.

The names below are loaded when they are first used, so that `import lrguide` is quick and loads no machine-learning library.
"""
__version__ = "0.1.0"

_HOME = {
    "Table": "arrays",
    "Resonance": "models",
    "Dense": "nets", "Training": "nets",
    "Ratio": "ratio", "Recipe": "ratio", "fit_together": "folds", "across_folds": "folds", "LabelledRatio": "borders", "from_scores": "borders", "Combined": "algebra", "Mixture": "algebra", "FromFunction": "algebra", "diagnose": "diagnosis", "load_ratio": "ratio",
    "Likelihood": "likelihood", "Process": "likelihood", "Normal": "likelihood", "BinnedRatio": "likelihood",
    "p_value": "hypotest", "cls_value": "hypotest", "upper_limit": "hypotest", "pseudo_experiments": "experiments",
    "record": "run", "published": "run", "save": "run",
}
_RENAMED = {"load": "load_ratio"}  # lr.load reads better than lr.load_ratio
_MODULES = ("arrays", "minimum", "interpolation", "backend", "models", "data", "collider", "losses", "nets", "diagnosis", "ratio", "folds", "algebra", "prepared", "likelihood", "binned", "mixture", "distributions", "experiments", "hypotest", "asymptotics", "intervals", "search", "uncertainty", "awareness", "borders", "plot", "run", "cli")
__all__ = sorted({*_HOME, *_RENAMED} - {"load_ratio"})


def __getattr__(name: str):
    from importlib import import_module
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    target = _RENAMED.get(name, name)
    if target not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[target]}"), target)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__, *_MODULES})
