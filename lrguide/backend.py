"""The few things a Keras backend must do itself: compile an epoch into one program, differentiate, keep quiet at start; and threads.

Everything else in this package is written with `keras.ops` and runs on TensorFlow (the default) and on JAX (`KERAS_BACKEND=jax`).
A program is compiled once per epoch, not once per step: steps of small networks take tens of microseconds, their dispatch from
Python a hundred times as long. Random numbers stay outside the compiled program, where NumPy draws them from a seed.
"""
from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from .arrays import check_count
from .formats import core_count

__all__ = ["keras", "backend_name", "compiled", "compiled_epoch", "in_threads", "thread_count", "to_device", "to_numpy", "value_and_gradient"]


def _import_keras():
    """The module keras, imported without its backend's start-up lines; they are printed after all if the import fails."""
    if "keras" in sys.modules:
        import keras
        return keras
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryFile() as kept:
        stderr = os.dup(2)  # TensorFlow's C++ writes to the descriptor, past sys.stderr
        os.dup2(kept.fileno(), 2)
        try:
            import keras
        except BaseException:
            kept.seek(0)
            os.write(stderr, kept.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
    if keras.backend.backend() not in ("tensorflow", "jax"):
        raise ImportError(f"KERAS_BACKEND: expected tensorflow or jax, got {keras.backend.backend()}")
    return keras


keras = _import_keras()


def backend_name() -> str:
    """'tensorflow' or 'jax'."""
    return keras.backend.backend()


def to_numpy(tensor) -> np.ndarray:
    """A tensor of the backend as a NumPy array."""
    return keras.ops.convert_to_numpy(tensor)


def to_device(array):
    """A NumPy array as a tensor of the backend, double precision reduced to the networks' single precision."""
    array = np.asarray(array)
    return keras.ops.convert_to_tensor(array, "float32" if array.dtype.kind == "f" else array.dtype.name)


def thread_count(threads: int | None = None) -> int:
    """How many `threads` to compute on. None: `core_count`, the cores of this process, at most OMP_NUM_THREADS; one if a GPU computes.

    Raises TypeError or ValueError if it is not a whole number of at least 1.
    """
    if threads is not None:
        return check_count(threads, "threads")
    if on_gpu():
        return 1
    return core_count()


def in_threads(function: Callable, items: Sequence, threads: int) -> list:
    """`function` of each of `items`, in their order, so many `threads` at a time: compiled programs do not hold the interpreter."""
    if min(threads, len(items)) <= 1:
        return [function(item) for item in items]
    with ThreadPoolExecutor(min(threads, len(items))) as pool:
        return list(pool.map(function, items))


if backend_name() == "tensorflow":
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")  # it warns of every new shape

    def on_gpu() -> bool:
        """Whether programs run on a GPU."""
        return bool(tf.config.list_logical_devices("GPU"))

    def compiled(function: Callable) -> Callable:
        """`function` of tensors, compiled into one program for each combination of shapes."""
        return tf.function(function, jit_compile=True, autograph=False)

    def value_and_gradient(function: Callable, weights: list) -> tuple:
        """(value, extra, gradients): `function(weights)` returns (value, extra); gradients of value, one per weight, zero where it takes no part."""
        with tf.GradientTape() as tape:
            tape.watch(weights)
            value, extra = function(weights)
        return value, extra, tape.gradient(value, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    def compiled_epoch(step: Callable) -> Callable:
        """One compiled program that runs `state = step(state, data, slice)` over the slices, one after another.

        Returns epoch(state, data, slices) -> state. `state` is a nested structure of tensors that keep their shapes, `data` tensors
        that every step sees, `slices` a tuple of tensors whose leading axis counts the steps.
        """
        def epoch(state, data, slices):
            n_steps = slices[0].shape[0]

            def body(i, state):
                return i + 1, step(state, data, tuple(tensor[i] for tensor in slices))

            return tf.while_loop(lambda i, state: i < n_steps, body, (0, state))[1]

        return compiled(epoch)

else:
    import jax

    compiled = jax.jit

    def on_gpu() -> bool:
        """Whether programs run on a GPU."""
        return jax.default_backend() != "cpu"

    def value_and_gradient(function: Callable, weights: list) -> tuple:
        """(value, extra, gradients): `function(weights)` returns (value, extra); gradients of value, one per weight, zero where it takes no part."""
        (value, extra), gradients = jax.value_and_grad(function, has_aux=True)(weights)
        return value, extra, gradients

    def compiled_epoch(step: Callable) -> Callable:
        """One compiled program that runs `state = step(state, data, slice)` over the slices, one after another.

        Returns epoch(state, data, slices) -> state. `state` is a nested structure of tensors that keep their shapes, `data` tensors
        that every step sees, `slices` a tuple of tensors whose leading axis counts the steps.
        """
        def epoch(state, data, slices):
            return jax.lax.scan(lambda state, slice: (step(state, data, slice), None), state, slices)[0]

        return jax.jit(epoch)
