"""What makes a run this run: a checkpoint may only be continued by a run whose fingerprint is the same.

Data describe themselves (`batches.fingerprint`). A function is described by its byte code, its defaults, what it
closes over, and the globals that it names; functions of its own module are followed, those of other modules are taken
by name. What cannot be described is refused, never ignored.
"""

import dis
import functools
import hashlib
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn, optim


def describe_batches(batches: Any) -> dict[str, Any]:
    """What batches say of themselves.

    Raises
    ------
    ValueError
        When they have no `fingerprint`: a checkpoint could not tell other data from theirs.
    """
    fingerprint = getattr(batches, "fingerprint", None)
    if fingerprint is None:
        raise ValueError(
            f"batches: expected a `fingerprint` beside a checkpoint_dir, got none on {type(batches).__name__}; give it "
            "a text that changes with the data and their order, or train without checkpoint_dir"
        )
    return {"per_epoch": len(batches), "fingerprint": fingerprint}


def describe_model(model: nn.Module) -> dict[str, Any]:
    """Shapes, what is trained, and a sha256 of the weights as they are now: the start of a run."""
    digest = hashlib.sha256()
    for tensor in model.state_dict().values():
        digest.update(_bytes_of(tensor))
    shapes = {name: f"{tensor.dtype} {tuple(tensor.shape)}" for name, tensor in model.state_dict().items()}
    trained = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    return {"tensors": shapes, "trained": trained, "initial_weights": digest.hexdigest()}


def describe_optimizer(optimizer: optim.Optimizer) -> dict[str, Any]:
    """The kind of optimiser and the settings of each of its groups."""
    groups = [
        {name: value for name, value in group.items() if name not in ("params", "lr", "fused")}
        for group in optimizer.param_groups
    ]
    return {"kind": type(optimizer).__qualname__, "groups": groups}


def describe_schedule(schedule: Callable[[int], float], total_steps: int) -> str:
    """A digest of the factor at every update."""
    factors = np.array([schedule(step) for step in range(total_steps)], dtype=np.float64)
    return hashlib.sha256(factors.tobytes()).hexdigest()


def describe_callable(function: Callable, name: str) -> dict[str, str]:
    """A name that people can read, and a digest of all that is known to decide what a function computes.

    Parameters
    ----------
    function
        A function, a partial, a method, or an object that can be called; its attribute `fingerprint`, a text, takes
        the place of what is found here.
    name
        Of the argument, for messages.

    Raises
    ------
    ValueError
        When the function depends on an object that cannot be described.
    """
    own = getattr(function, "__qualname__", type(function).__qualname__)
    try:
        return {"name": own, "digest": hashlib.sha256(repr(_Describer()(function)).encode()).hexdigest()}
    except _UnknownError as error:
        raise ValueError(
            f"{name}: cannot tell what {own} computes, it depends on {error}; set {own}.fingerprint to a text that "
            "you change with it, or train without checkpoint_dir"
        ) from None


class _UnknownError(Exception):
    """An object that has no description."""


class _Describer:
    """Describe values by nested tuples of plain texts; what was met before is a back reference."""

    def __init__(self) -> None:
        self.met: dict[int, tuple[int, Any]] = {}  # id -> (number, the object itself, so that no id is used twice)

    def __call__(self, value: Any) -> Any:
        if isinstance(value, type(None) | bool | int | float | complex | str | bytes):
            return (type(value).__name__, repr(value))
        if isinstance(value, type | types.ModuleType | types.BuiltinFunctionType):
            return ("name", getattr(value, "__module__", None), getattr(value, "__qualname__", value.__name__))
        if id(value) in self.met:
            return ("again", self.met[id(value)][0])
        self.met[id(value)] = (len(self.met), value)
        if isinstance(own := getattr(value, "fingerprint", None), str):
            return ("fingerprint", own)
        if isinstance(value, torch.Tensor | np.ndarray):
            return (
                type(value).__name__,
                str(value.dtype),
                tuple(value.shape),
                hashlib.sha256(_bytes_of(value)).hexdigest(),
            )
        if isinstance(value, nn.Module):
            return ("module", type(value).__qualname__, repr(value), repr(describe_model(value)))
        if isinstance(value, Mapping):
            return (type(value).__name__, [(self(key), self(one)) for key, one in value.items()])
        if isinstance(value, list | tuple):
            return (type(value).__name__, [self(one) for one in value])
        if isinstance(value, set | frozenset):
            return ("set", sorted(repr(self(one)) for one in value))
        if isinstance(value, functools.partial):
            return ("partial", self(value.func), self(value.args), self(value.keywords))
        if isinstance(value, types.MethodType):
            return ("method", self(value.__func__), self(value.__self__))
        if isinstance(value, types.FunctionType):
            return self.function(value)
        return self.object(value)

    def function(self, function: types.FunctionType) -> Any:
        """Code, defaults, closure and globals."""
        nonlocals = [cell.cell_contents for cell in function.__closure__ or ()]
        defaults = (function.__defaults__, function.__kwdefaults__)
        named = {}
        for name in sorted(_global_names(function.__code__)):
            if name not in function.__globals__:
                continue  # a builtin
            value = function.__globals__[name]
            elsewhere = isinstance(value, types.FunctionType) and value.__module__ != function.__module__
            named[name] = (value.__module__, value.__qualname__) if elsewhere else self(value)
        return ("function", _code(function.__code__), self(defaults), [self(x) for x in nonlocals], list(named.items()))

    def object(self, value: Any) -> Any:
        """Class, methods and attributes; where it has no attributes, how it prints itself."""
        kind = type(value)
        name = f"{kind.__module__}.{kind.__qualname__}"
        if isinstance(attributes := getattr(value, "__dict__", None), dict):
            methods = [(key, _code(part.__code__)) for key, part in vars(kind).items() if inspect.isfunction(part)]
            return ("object", name, methods, self(dict(attributes)))
        if (text := repr(value)).startswith("<"):  # its address, which says nothing
            raise _UnknownError(f"an object of the type {name}")
        return ("object", name, text)


def _global_names(code: types.CodeType) -> set[str]:
    """The globals that a function reads, and the functions written inside it."""
    names = {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return names.union(*(_global_names(part) for part in code.co_consts if isinstance(part, types.CodeType)))


def _code(code: types.CodeType) -> Any:
    """What a function does, without the lines it stands on."""
    constants = [
        _code(part)
        if isinstance(part, types.CodeType)
        else sorted(map(repr, part))  # a set has no order that lasts
        if isinstance(part, frozenset)
        else repr(part)
        for part in code.co_consts
    ]
    return (code.co_code.hex(), code.co_names, code.co_varnames, code.co_freevars, constants)


def _bytes_of(values: torch.Tensor | np.ndarray) -> memoryview:
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()
    return np.ascontiguousarray(values).data
