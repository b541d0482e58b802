"""Likelihood-ratio machine learning for particle physics searches: what learns gives log ratios, what decides takes them.

Modules (`lr.likelihood`) and the names below (`lr.Likelihood`) are loaded when they are first used, so that `import lrguide` is quick
and loads no machine-learning library. Where a name is defined is looked up in the modules.
"""
__version__ = "0.1.0"

_RENAMED = {"load": "load_ratio"}  # lr.load reads better than lr.load_ratio
__all__ = ["BinnedRatio", "Channels", "Combined", "Contents", "Dense", "Density", "FromFunction", "Histogram", "KnownSource", "LabelledRatio", "Likelihood", "LogNormal",
           "Mined", "Mixture", "Morphed", "Normal", "Poisson", "Process", "Ranges", "Ratio", "Recipe", "Resonance", "Shift", "Table", "Templates", "Training",
           "Varied", "across_folds", "analyse", "as_hist", "as_hs3", "as_latex", "as_table", "cls_value", "compacted", "compare", "diagnose", "discovery",
           "draw", "fill_values", "fit_together", "from_bags", "from_hist", "from_pyhf", "from_scores", "histogram_of", "impacts", "learn_score", "limit",
           "load", "network_error", "p_value", "pieces", "pseudo_experiments", "published", "published_likelihood", "read", "record", "reference_ratios",
           "reweighted", "save", "save_published", "scaled_features", "to_onnx", "to_pyhf", "two_sample", "unfold", "with_network_error", "write_report"]


def _modules() -> list[str]:
    "Names of the modules of this package."
    from pkgutil import iter_modules
    return [found.name for found in iter_modules(__path__) if not found.name.startswith("_")]


def _home(name: str) -> str:
    "The module that defines the class or function `name`, found in the text of the modules: none is imported for it."
    import re
    from importlib.util import find_spec
    definition = re.compile(rf"^(?:class|def) {name}\b", re.MULTILINE)
    for module in _modules():
        full = f"{__name__}.{module}"
        if definition.search(find_spec(full).loader.get_source(full)):
            return full
    raise AttributeError(f"module {__name__!r} has no definition of {name!r}")


def __getattr__(name: str):
    from importlib import import_module
    if name in __all__:
        target = _RENAMED.get(name, name)
        value = getattr(import_module(_home(target)), target)
        globals()[name] = value
        return value
    if not name.startswith("_") and name in _modules():
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__, *_modules()})
