"""What every Tensor is, before arithmetic: a shape, a dtype, and a value that is a lazy `nd` op, a buffer, or both in turn.

Building an expression only makes ops. `realize` gathers the ops below one or several Tensors into one program, runs it, and lets
the ops go. Methods that look at elements (`numpy`, `item`, `bool(t)`) realize.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from xdsl.ir import SSAValue

from . import build, dtypes, graph, runtime
from .build import Shape, Value
from .dtypes import DType, DTypeLike, to_dtype
from .runtime import Buffer, HostBuffer
from .shapes import ArgumentError


class Lazy:
    """The core of Tensor: made from data, or from an `nd` value by the layers above."""

    __slots__ = ("__weakref__", "_buffer", "_name", "_value", "dtype", "shape")
    __array_ufunc__ = None  # NumPy's operators then leave `array + tensor` to us
    shape: Shape
    dtype: DType
    _value: Value | None
    """The value not yet computed; None where there is a buffer."""
    _buffer: Buffer | None
    _name: str | None

    def __init__(self, data: Any, dtype: DTypeLike | None = None, *, name: str | None = None):
        """A tensor of a Python number, nested lists, a NumPy array, a Tensor, or what NumPy makes an array of. Copied.

        A number given here is data: another number runs the same program. A number inside an expression is part of the program.

        dtype    NumPy arrays keep theirs; Python numbers give bool, int32 (int64 where 32 bits are too few) or float32
        name     what to call the value in printed IR and in kernels
        Errors   TypeError for complex numbers and text; ValueError for ragged lists; AttributeError for an unknown dtype name
        """
        want = None if dtype is None else to_dtype(dtype)
        self._value, self._buffer, self._name = None, None, _check_name(name)
        if isinstance(data, Lazy):
            if want is not None and want is not data.dtype:
                data = data._make(build.cast, data, want.element)
            self._become(data)
        else:
            array = _as_array(data, want)
            self.shape, self.dtype, self._buffer = array.shape, to_dtype(array.dtype), HostBuffer(array)

    @classmethod
    def _of(cls, value: Value) -> Self:
        """The Tensor of a value that an `nd` op has just given."""
        made = cls.__new__(cls)
        made.shape, made.dtype = build.shape_of(value), dtypes.of_element(build.element_of(value))
        made._value, made._buffer, made._name = value, None, None
        if isinstance(value, graph.Leaf):
            made._value, made._buffer, made._name = None, value.buffer, value.name_hint
        else:
            graph.hold(value)
        return made

    @classmethod
    def _make(cls, op: Callable[..., Value], *arguments: object) -> Self:
        """The Tensor of a new op. It takes Tensors, not values, so that none of them dies before the op uses its value."""
        return cls._of(op(*(argument._use() if isinstance(argument, Lazy) else argument for argument in arguments)))

    @classmethod
    def from_numpy(cls, array: npt.NDArray[Any], *, name: str | None = None) -> Self:
        """A tensor over the array's own memory where it is contiguous: don't write to it afterwards. `Tensor(array)` copies."""
        made, native = cls.__new__(cls), _native(array)
        made._value, made._buffer, made._name = None, HostBuffer(native), _check_name(name)
        made.shape, made.dtype = native.shape, to_dtype(native.dtype)
        return made

    def __del__(self) -> None:
        value: Value | None = getattr(self, "_value", None)  # a constructor that raised left it unset
        if value is not None:
            graph.release(value)

    def __copy__(self) -> Self:
        return type(self)(self)

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return type(self)(self)  # values and buffers are never written to, so sharing them is a copy

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.numpy(),)

    # what it is

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def numel(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def size(self) -> int:
        """The number of elements, as in NumPy."""
        return self.numel()

    @property
    def nbytes(self) -> int:
        """Bytes of the elements in memory."""
        return self.numel() * self.dtype.itemsize

    @property
    def is_realized(self) -> bool:
        """Whether the elements are there already."""
        return self._buffer is not None

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __repr__(self) -> str:
        state = "realized" if self.is_realized else "lazy"
        return f"Tensor(shape={self.shape}, dtype={self.dtype.name}, target={runtime.get_target()}, {state})"

    __hash__ = object.__hash__

    # values and names

    def _use(self) -> Value:
        """The value as an operand: the lazy one, or a new leaf over the buffer. Keep the Tensor until an op has it (`_make`)."""
        if self._value is not None:
            return self._value
        assert self._buffer is not None
        return graph.Leaf(build.tensor_type(self.dtype.element, self.shape), self._buffer, self._name)

    def named(self, name: str) -> Self:
        """The same tensor, called `name` in printed IR and in kernels from here on. Raises ValueError for what is no name."""
        self._name = _check_name(name)
        if self._value is not None:
            self._value.name_hint = name
        return self

    def hinted(self, name: str, *operands: object) -> Self:
        """Call the result of a composed operation by the operation's name, unless it is one of the operands unchanged."""
        if self._value is not None and not any(operand is self for operand in operands) and self._name is None:
            self._value.name_hint = name
        return self

    def _become(self, other: Lazy) -> Self:
        """Take over another's value, as in-place operators do. Expressions built before keep the old value."""
        if other._value is not None:
            graph.hold(other._value)
        if self._value is not None:
            graph.release(self._value)
        self.shape, self.dtype, self._value, self._buffer = other.shape, other.dtype, other._value, other._buffer
        return self

    # computing

    def realize(self) -> Self:
        """Compute the elements on the current target, if they are not there yet. Returns self."""
        self.realize_all(self)
        return self

    @staticmethod
    def realize_all(*tensors: Lazy) -> None:
        """Compute several tensors in one program, so that what they share is computed once. Raises what compiling raises."""
        if all(tensor._value is None for tensor in tensors):
            return
        with graph.lock:
            Lazy._realize_all(tensors)

    @staticmethod
    def _realize_all(tensors: Sequence[Lazy]) -> None:
        waiting: dict[Value, set[Lazy]] = {}
        for tensor in tensors:
            if tensor._value is not None:  # another thread may have been faster
                waiting.setdefault(tensor._value, set()).add(tensor)
        if not waiting:
            return
        found = graph.collect([*waiting])
        program = runtime.program(found.key, found.module, runtime.get_target())
        buffers = program.run([leaf.buffer for leaf in found.leaves])
        for (value, group), buffer in zip(waiting.items(), buffers, strict=True):
            graph.place(value, graph.Leaf(value.type, buffer, value.name_hint))
            for tensor in group:
                assert tensor.shape == buffer.shape, f"the program gave shape {buffer.shape}, expected {tensor.shape}"
                tensor._buffer, tensor._value, tensor._name = buffer, None, value.name_hint
                graph.release(value)

    def contiguous(self) -> Self:
        """A tensor of its own memory from here on: computed now, not again inside every expression that uses it."""
        return self.realize()

    def _computed(self) -> Buffer:
        self.realize()
        assert self._buffer is not None
        return self._buffer

    def numpy(self) -> npt.NDArray[Any]:
        """The elements as a NumPy array, yours to write to. bfloat16 comes as ml_dtypes.bfloat16."""
        return self._computed().numpy()

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        if copy is False:
            raise ValueError("the elements of a Tensor are copied to be an array, found copy=False")
        array = self.numpy()
        return array if dtype is None else array.astype(dtype, copy=False)

    def item(self) -> bool | int | float:
        """The only element, as a Python number. Raises ValueError where there are more or none."""
        if self.numel() != 1:
            raise ArgumentError(f"item() wants one element, found shape {self.shape}")
        number: bool | float = self._computed().numpy().reshape(()).astype(_python_dtype(self.dtype)).item()
        return number

    def tolist(self) -> Any:
        """Nested lists of Python numbers; of a 0-d tensor the number."""
        return self._computed().numpy().astype(_python_dtype(self.dtype)).tolist()

    def __bool__(self) -> bool:
        if self.numel() != 1:
            raise ArgumentError(f"the truth of a tensor of shape {self.shape} is ambiguous: use .any() or .all()")
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.shape or not self.dtype.is_integer:
            raise TypeError(f"only a 0-d integer tensor is an index, found shape {self.shape}, dtype {self.dtype.name}")
        return int(self.item())


def _check_name(name: str | None) -> str | None:
    if not SSAValue.is_valid_name(name):
        raise ValueError(f'"{name}" cannot name a value, expected letters, digits, "_", "$", "." and "-", no digit first')
    return name


def _native(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array itself where it is contiguous and in the machine's byte order, else a copy that is."""
    return np.asarray(array, dtype=array.dtype.newbyteorder("="), order="C")


def _as_array(data: Any, want: DType | None) -> npt.NDArray[Any]:
    """A new contiguous array of the data. Only arrays (and NumPy scalars) bring a dtype along, numbers in lists don't."""
    if hasattr(data, "dtype"):
        array = np.array(data, order="C", copy=True)
        return _native(array if want is None else array.astype(want.numpy))
    array = np.array(data, dtype=None if want is None else want.numpy, order="C")
    if want is None and array.dtype == np.int64:
        small = array.size == 0 or (dtypes.int32.lowest <= array.min() and array.max() <= dtypes.int32.highest)
        return array.astype(dtypes.default_int.numpy) if small else array
    return array.astype(dtypes.default_float.numpy) if want is None and array.dtype == np.float64 else array


def _python_dtype(dtype: DType) -> npt.DTypeLike:
    """The dtype whose items are Python numbers; bfloat16's are not."""
    return np.float64 if dtype.is_float else dtype.numpy
