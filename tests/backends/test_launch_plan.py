"""Reading the host function: parameters, arena, launches, copies; and refusing what is none of these."""

from __future__ import annotations

import json

import pytest

from rung.backends.errors import BackendError
from rung.backends.launch_plan import Copy, Launch, LaunchPlan, Param, Slot, plan_of
from rung.dialects.upstream import parse

KERNELS = """
  gpu.module @kernels {
    gpu.func @k(%a: memref<10xf32>, %b: memref<10xf32>) kernel attributes {known_block_size = array<i32: 1, 1, 1>} {
      gpu.return
    }
  }
"""


def host(body: str, *, signature: str = "(%x: memref<10xf32>, %out: memref<10xf32>)", more: str = "") -> str:
    return f"""module attributes {{gpu.container_module}} {{
  func.func @main{signature} attributes {{outs = 1 : i64}} {{
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %c256 = arith.constant 256 : index
    {body}
    return
  }}
  {more}
{KERNELS}}}"""


def launch(a: str, b: str, grid: str = "%c4, %c1, %c1") -> str:
    types = f"%{a} : memref<10xf32>, %{b} : memref<10xf32>"
    return f"gpu.launch_func @kernels::@k blocks in ({grid}) threads in (%c1, %c1, %c1) args({types})\n"


X, OUT = Slot("param", 0, 40), Slot("param", 1, 40)


def test_parameters_and_a_launch() -> None:
    plan = plan_of(parse(host(launch("x", "out"))))
    assert plan.params == (Param("x", (10,), "float32", False), Param("out", (10,), "float32", True))
    assert plan.steps == (Launch("k", (4, 1, 1), (1, 1, 1), (X, OUT)),)
    assert plan.arena_bytes == 0
    assert [p.name for p in plan.inputs] == ["x"]
    assert [p.name for p in plan.outs] == ["out"]


def test_views_of_an_arena_are_slots_at_their_offsets() -> None:
    plan = plan_of(
        parse(
            host(
                """%arena = memref.alloc() : memref<296xi8>
    %a = memref.view %arena[%c0][] : memref<296xi8> to memref<10xf32>
    %b = memref.view %arena[%c256][] : memref<296xi8> to memref<10xf32>
    """
                + launch("x", "a")
                + launch("a", "b")
                + launch("b", "out")
                + "memref.dealloc %arena : memref<296xi8>"
            )
        )
    )
    a, b = Slot("arena", 0, 40), Slot("arena", 256, 40)
    assert [step.args for step in plan.launches] == [(X, a), (a, b), (b, OUT)]
    assert plan.arena_bytes == 296


def test_buffers_without_an_arena_get_aligned_places() -> None:
    allocs = "%a = memref.alloc() : memref<10xf32>\n%b = memref.alloc() : memref<10xf32>\n"
    plan = plan_of(parse(host(allocs + launch("x", "a") + launch("a", "b"))))
    assert [slot.at for step in plan.launches for slot in step.args if slot.kind == "arena"] == [0, 0, 256]
    assert plan.arena_bytes == 296


def test_a_copy_is_a_step() -> None:
    plan = plan_of(parse(host("memref.copy %x, %out : memref<10xf32> to memref<10xf32>")))
    assert plan.steps == (Copy(X, OUT),)


def test_an_empty_grid_is_not_launched() -> None:
    assert plan_of(parse(host(launch("x", "out", "%c0, %c1, %c1")))).steps == ()


@pytest.mark.parametrize(
    ("element", "dtype", "size"),
    [
        ("i1", "bool", 1),
        ("i8", "int8", 1),
        ("bf16", "bfloat16", 2),
        ("f16", "float16", 2),
        ("f64", "float64", 8),
        ("index", "int64", 8),
    ],
)
def test_dtypes(element: str, dtype: str, size: int) -> None:
    plan = plan_of(parse(host("", signature=f"(%x: memref<3x5x{element}>, %out: memref<{element}>)")))
    assert plan.params[0].dtype == dtype
    assert plan.params[0].nbytes == 15 * size
    assert plan.params[1].shape == ()
    assert plan.params[0].numpy_dtype.itemsize == size


def test_a_plan_survives_json() -> None:
    allocs = "%a = memref.alloc() : memref<10xf32>\nmemref.copy %x, %a : memref<10xf32> to memref<10xf32>\n"
    plan = plan_of(parse(host(allocs + launch("a", "out"))))
    assert LaunchPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            host("%v = memref.load %x[%c0] : memref<10xf32>"),
            "memref.load in host function @main, expected buffers, copies and launches",
        ),
        (
            host("", signature="(%x: memref<?xf32>, %out: memref<1xf32>)"),
            r"argument is memref<\?xf32>, expected a memref of static shape",
        ),
        (host("", signature="(%n: index, %out: memref<1xf32>)"), "argument is index, expected a memref of static shape"),
        (
            host("", more="func.func @other(%x: memref<1xf32>) {\nreturn\n}"),
            "public functions of the module are @main, @other, expected one",
        ),
        ("module {}", "public functions of the module are none, expected one"),
    ],
)
def test_what_a_host_may_not_do_is_named(text: str, message: str) -> None:
    with pytest.raises(BackendError, match=message):
        plan_of(parse(text))


def test_one_of_several_functions_is_picked_by_name() -> None:
    text = host("", more="func.func @other(%x: memref<1xf32>) {\nreturn\n}")
    assert plan_of(parse(text), "other").function == "other"
    with pytest.raises(BackendError, match="are @main, @other, expected @third"):
        plan_of(parse(text), "third")
