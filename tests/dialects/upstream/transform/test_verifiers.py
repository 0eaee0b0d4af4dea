"""Each message of the transform dialect's verifiers and parsers, beside an input that earns it."""

# ruff: noqa: E501 - lines of IR stay whole

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from xdsl.utils.exceptions import ParseError, VerifyException

from rung.dialects.upstream import make_context, parse
from rung.files import UsageError
from rung.parsing import check_input, parse_bytes

A, P, V, FOR = "!transform.any_op", "!transform.param<i64>", "!transform.any_value", '!transform.op<"scf.for">'
MODULE = "module attributes {transform.with_named_sequence} {"
OTHERS = f"""
transform.named_sequence @unmarked(%a: {A}) {{ transform.yield }}
transform.named_sequence @reads(%a: {A} {{transform.readonly}}) {{ transform.yield }}
transform.named_sequence @gives(%a: {A} {{transform.readonly}}) -> {A} {{ transform.yield %a : {A} }}
transform.named_sequence @two(%a: {A} {{transform.readonly}}, %b: {A} {{transform.readonly}}) {{ transform.yield }}
transform.named_sequence private @declared(%a: {A} {{transform.readonly}}) -> {A}
transform.named_sequence @changes(%a: {A} {{transform.readonly}}) -> {A} {{
  transform.apply_cse to %a : {A}
  transform.yield %a : {A}
}}"""


def script(lines: str) -> str:
    """A script of these lines, with handles %x and %y, a parameter %p, a value %v and a loop %for at hand."""
    return (
        f"{MODULE}\ntransform.named_sequence @s(%x: {A}, %y: {A}, %p: {P}, %v: {V}, %for: {FOR}) {{\n"
        f"{lines}\ntransform.yield\n}}\n}}"
    )


def with_others(line: str) -> str:
    return script(line).removesuffix("}") + OTHERS + "\n}"


def structured(line: str) -> str:
    return script(f"transform.match.structured %x : {A} {{\n^bb0(%s: {A}):\n{line}\n}}")


MINUS = "-9223372036854775808"
OLDER = '"transform.sequence"({}) <{{failure_propagation_mode = {} : i32, operandSegmentSizes = array<i32: {}>}}> ({{\n^bb0({}):\n"transform.yield"({}) : {}\n}}) : {}'

# what it is: (text, what the message says, whether upstream refuses the text too; None where mlir-opt 22 crashes)
REFUSED: dict[str, tuple[str, str, bool | None]] = {
    # types
    "handle where a parameter is asked for": (script(f"transform.debug.emit_param_as_remark %x : {A}"), f"type is {A}, expected a parameter", True),
    "parameter where ops are asked for": (script(f"transform.verify %p : {P}"), f"type is {P}, expected a handle to operations", True),
    "ops where values are asked for": (script(f"%0 = transform.get_defining_op %x : ({A}) -> {A}"), f"type is {A}, expected a handle to values", True),
    "any op where a loop is asked for": (
        script(f"%0, %1 = transform.loop.peel %x : ({A}) -> ({A}, {A})"),
        f'type is {A}, expected !transform.op<"scf.for"> (transform.cast gives it)',
        True,
    ),
    "op handle of another name": (
        script(f'%0 = transform.bufferization.empty_tensor_to_alloc_tensor %for : ({FOR}) -> !transform.op<"bufferization.alloc_tensor">'),
        f'type is {FOR}, expected !transform.op<"tensor.empty"> (transform.cast gives it)',
        True,
    ),
    "parameter of floats": (script("%0 = transform.param.constant 1.0 : f32 -> !transform.param<f32>"), "parameter is of type f32, expected an integer of at most 64 bits", True),
    "integer where a handle is asked for": (
        f"{MODULE}\ntransform.named_sequence @s(%x: i32) {{ transform.yield }}\n}}",
        "argument 0 of @s is i32, expected a handle or a parameter",
        False,
    ),
    # sequences
    "sequence in a module without the mark": (
        f"module {{\ntransform.named_sequence @s(%x: {A}) {{ transform.yield }}\n}}",
        "@s stands in builtin.module without {transform.with_named_sequence}, expected it there",
        True,
    ),
    "sequence that yields what it does not say": (
        f"{MODULE}\ntransform.named_sequence @s(%x: {A}) {{ transform.yield %x : {A} }}\n}}",
        f"@s yields ({A}), expected ()",
        True,
    ),
    "sequence that ends in no yield": (
        f'{MODULE}\ntransform.named_sequence @s(%x: {A}) {{ "smt.yield"() : () -> () }}\n}}',
        "body of @s ends in smt.yield, expected transform.yield",
        True,
    ),
    "sequence of two blocks": (
        f"{MODULE}\ntransform.named_sequence @s(%x: {A}) {{\n transform.yield\n^bb1:\n transform.yield }}\n}}",
        "body of @s has 2 blocks, expected 1",
        True,
    ),
    "declaration without a mark": (
        f"{MODULE}\ntransform.named_sequence private @s({A})\n}}",
        "an argument of declaration @s is neither transform.consumed nor transform.readonly, expected one",
        True,
    ),
    "argument with both marks": (
        f"{MODULE}\ntransform.named_sequence @s(%x: {A} {{transform.readonly, transform.consumed}}) {{ transform.yield }}\n}}",
        "argument 0 of @s is marked both consumed and readonly, expected one",
        True,
    ),
    "read-only argument that is consumed": (
        f"{MODULE}\ntransform.named_sequence @s(%x: {A} {{transform.readonly}}) {{\ntransform.loop.unroll %x {{factor = 2 : i64}} : {A}\ntransform.yield }}\n}}",
        "argument 0 of @s is marked readonly and consumed inside, expected consumed",
        True,
    ),
    "sequence with and without names of arguments": (
        f"{MODULE}\ntransform.named_sequence @s(%x: {A}, {A}) {{ transform.yield }}\n}}",
        "found arguments with and without names, expected one or the other",
        True,
    ),
    "sequence whose marks are of another count": (
        f'{MODULE}\n"transform.named_sequence"() <{{sym_name = "s", function_type = ({A}) -> (), arg_attrs = [{{}}, {{}}]}}> ({{\n^bb0(%x: {A}):\n"transform.yield"() : () -> ()\n}}) : () -> ()\n}}',
        "@s has 2 argument attributes, expected 1",
        True,
    ),
    "sequence whose body takes other arguments": (
        f'{MODULE}\n"transform.named_sequence"() <{{sym_name = "s", function_type = ({A}) -> ()}}> ({{\n^bb0(%x: {P}):\n"transform.yield"() : () -> ()\n}}) : () -> ()\n}}',
        f"body of @s takes ({P}), expected ({A})",
        True,
    ),
    "failure mode that there is not": (script(f"transform.include @s failures(ignore) (%x) : ({A}) -> ()"), "found `ignore`, expected propagate or suppress", True),
    "failure mode of another number": (OLDER.format("", 3, "0, 0", f"%r: {A}", "", "() -> ()", "() -> ()"), "failure_propagation_mode is 3, expected 1 (propagate) or 2 (suppress)", True),
    "older sequence whose body takes nothing": (OLDER.format("", 1, "0, 0", "", "", "() -> ()", "() -> ()"), "body takes (), expected at least the root", True),
    "older sequence whose body takes other than the operands": (
        script(f"transform.sequence %x : {A} failures(propagate) {{\n^bb0(%r: {FOR}):\n}}"),
        f"body takes ({FOR}), expected ({A})",
        True,
    ),
    "older sequence that yields what it does not say": (
        OLDER.format("", 1, "0, 0", f"%r: {A}", "%r", f"({A}) -> ()", "() -> ()"),
        f"body yields ({A}), expected (), the results of transform.sequence",
        True,
    ),
    "include of nothing": (script(f"transform.include @nothing failures(propagate) (%x) : ({A}) -> ()"), "found no named sequence @nothing, expected one in the module", True),
    "include with other operands": (with_others(f"transform.include @reads failures(propagate) (%p) : ({P}) -> ()"), f"operands are ({P}), expected ({A}) as @reads has", True),
    "include with other results": (with_others(f"transform.include @gives failures(propagate) (%x) : ({A}) -> ()"), f"results are (), expected ({A}) as @gives has", True),
    "include of a sequence without marks": (
        with_others(f"transform.include @unmarked failures(propagate) (%x) : ({A}) -> ()"),
        "argument 0 of @unmarked has no mark, expected {transform.consumed} or {transform.readonly} as it is called",
        True,
    ),
    # control
    "foreach whose body takes another count": (script(f"transform.foreach %x, %y : {A}, {A} {{\n^bb0(%a: {A}):\n}}"), f"body takes ({A}), expected ({A}, {A})", True),
    "foreach that yields what it does not say": (
        script(f"transform.foreach %x : {A} {{\n^bb0(%a: {A}):\ntransform.yield %a : {A}\n}}"),
        f"body yields ({A}), expected (), the results of transform.foreach",
        True,
    ),
    "foreach with a type too many": (script(f"transform.foreach %x : {A}, {A} {{\n^bb0(%a: {A}):\n}}"), "2 operand types, expected 1", True),
    "alternatives that do not take the scope": (script(f"transform.alternatives %x : {A} {{\n}}"), f"region 0 takes (), expected ({A})", True),
    "alternatives without a scope that take nothing": (script("transform.alternatives {\n}"), "region 0 takes (), expected the root alone", True),
    "alternatives without regions": (script(f'"transform.alternatives"(%x) : ({A}) -> ()'), "found no regions, expected at least one", True),
    "alternatives that yield otherwise": (
        script(f"%0 = transform.alternatives %x : {A} -> {A} {{\n^bb0(%a: {A}):\ntransform.yield %a : {A}\n}}, {{\n^bb0(%a: {A}):\n}}"),
        f"region 1 yields (), expected ({A}), the results of transform.alternatives",
        True,
    ),
    "matchers and actions of other counts": (
        with_others(f'%0 = "transform.foreach_match"(%x) <{{matchers = [@reads, @reads], actions = [@reads]}}> : ({A}) -> {A}'),
        "found 2 matchers, 1 actions, expected pairs",
        True,
    ),
    "matcher that takes too much": (with_others(f"%0 = transform.foreach_match in %x @two -> @reads : ({A}) -> {A}"), "matcher @two takes 2 arguments, expected 1", True),
    "matcher without marks": (with_others(f"%0 = transform.foreach_match in %x @unmarked -> @reads : ({A}) -> {A}"), "matcher @unmarked has an argument that is not marked readonly, expected it on each", True),
    "matcher that is declared only": (with_others(f"%0 = transform.foreach_match in %x @declared -> @reads : ({A}) -> {A}"), "matcher @declared has no body, expected one", False),
    "matcher that changes the payload": (with_others(f"%0 = transform.foreach_match in %x @changes -> @reads : ({A}) -> {A}"), "matcher @changes has transform.apply_cse, expected only ops that match", False),
    "action that takes other than the matcher yields": (with_others(f"%0 = transform.foreach_match in %x @reads -> @reads : ({A}) -> {A}"), "action @reads takes 1 arguments, expected 0 as @reads yields", True),
    "action without marks": (with_others(f"%0 = transform.foreach_match in %x @gives -> @unmarked : ({A}) -> {A}"), "action @unmarked has an argument without a mark, expected consumed or readonly on each", True),
    "action that yields too much": (with_others(f"%0 = transform.foreach_match in %x @gives -> @gives : ({A}) -> {A}"), "action @gives yields 1 values, expected 0", True),
    "collected matcher of two arguments": (with_others(f"%0 = transform.collect_matching @two in %x : ({A}) -> {A}"), "matcher @two takes 2 arguments, expected 1", True),
    "collected matcher that yields nothing": (with_others(f"%0 = transform.collect_matching @reads in %x : ({A}) -> {A}"), "matcher @reads yields 0 values, expected 1", True),
    # handles
    "overflow into a result that there is not": (script(f"%0:2 = transform.split_handle %x {{overflow_result = 2 : i64}} : ({A}) -> ({A}, {A})"), "overflow_result is 2, expected one of the 2 results", True),
    "merge of nothing": (script(f"%0 = transform.merge_handles : {A}"), "found no operands, expected at least one handle", True),
    "replicate into other types": (script(f'%0 = "transform.replicate"(%x, %p) : ({A}, {P}) -> {A}'), f"result types are ({A}), expected ({P})", True),
    "parent number zero": (script(f"%0 = transform.get_parent_op %x {{nth_parent = 0 : i64}} : ({A}) -> {A}"), "nth_parent is 0, expected at least 1", True),
    "same position twice": (script(f"%0 = transform.get_operand %x[1, 1] : ({A}) -> {V}"), "positions are [1, 1], expected each once", True),
    "no positions": (script(f'%0 = "transform.get_result"(%x) <{{raw_position_list = array<i64>}}> : ({A}) -> {V}'), "found no positions, expected some or `all`", True),
    "all and except": (script(f'%0 = "transform.get_result"(%x) <{{raw_position_list = array<i64>, is_all, is_inverted}}> : ({A}) -> {V}'), "found both `all` and `except`, expected at most one of them", True),
    "positions beside all": (script(f'%0 = "transform.get_result"(%x) <{{raw_position_list = array<i64: 1>, is_all}}> : ({A}) -> {V}'), "found positions [1] beside `all`, expected none", True),
    # structured
    "interface that there is not": (script(f"%0 = transform.structured.match interface{{Loop}} in %x : ({A}) -> {A}"), "found `Loop`, expected one of LinalgOp, TilingInterface, LoopLikeInterface", True),
    "interface of another number": (script(f'%0 = "transform.structured.match"(%x) <{{interface = 3 : i32}}> : ({A}) -> {A}'), "interface is 3, expected 0 to 2", True),
    "interchange that is no permutation": (script(f"%0 = transform.structured.interchange %x iterator_interchange = [0, 2] : ({A}) -> {A}"), "iterator_interchange is [0, 2], expected a permutation of 0 to 1", True),
    "vector sizes without a value": (
        script(f'"transform.structured.vectorize"(%x) <{{static_vector_sizes = array<i64: {MINUS}>, scalable_sizes = array<i1: false>}}> : ({A}) -> ()'),
        "0 values are given for vector_sizes, expected 1",
        None,
    ),
    "vector sizes without flags": (
        script(f'"transform.structured.vectorize"(%x) <{{static_vector_sizes = array<i64: 4>}}> : ({A}) -> ()'),
        "scalable_sizes has 0 flags, expected 1, one for each size",
        True,
    ),
    # tiling
    "loops that are not one for each size": (
        script(f"%0, %1 = transform.structured.tile_using_for %x tile_sizes [4, 4] : ({A}) -> ({A}, {A})"),
        "found 1 loop results, expected 2, one for each size that is not 0",
        True,
    ),
    "tile sizes without a value": (
        script(f'%0:2 = "transform.structured.tile_using_for"(%x) <{{static_sizes = array<i64: {MINUS}>}}> : ({A}) -> ({A}, {A})'),
        "0 values are given for tile_sizes, expected 1",
        True,
    ),
    "tile sizes with too many flags": (
        script(f'%0:2 = "transform.structured.tile_using_for"(%x) <{{static_sizes = array<i64: 4>, scalable_sizes = array<i1: false, true>}}> : ({A}) -> ({A}, {A})'),
        "scalable_sizes has 2 flags, expected 1",
        True,
    ),
    "forall without sizes": (script(f"%0, %1 = transform.structured.tile_using_forall %x : ({A}) -> ({A}, {A})"), "found neither num_threads nor tile_sizes, expected one of them", True),
    "forall with packed and plain sizes": (
        script(f'%0:2 = "transform.structured.tile_using_forall"(%x, %y) <{{operandSegmentSizes = array<i32: 1, 0, 0, 0, 1>, static_tile_sizes = array<i64: 4>}}> : ({A}, {A}) -> ({A}, {A})'),
        "found a packed tile_sizes beside a plain one, expected one of them",
        True,
    ),
    "forall with one result": (script(f"%0 = transform.structured.tile_using_forall %x tile_sizes [4] : ({A}) -> {A}"), "1 result types, expected 2: the tiled op and the forall", True),
    "forall with a clause twice": (script(f"%0, %1 = transform.structured.tile_using_forall %x tile_sizes [4] tile_sizes [4] : ({A}) -> ({A}, {A})"), "`tile_sizes` is given twice, expected once", True),
    "fuse with its older spelling": (
        script(f"%0, %1 = transform.structured.fuse %x {{tile_sizes = [4]}} : ({A}) -> ({A}, {A})"),
        "`tile_sizes` stands in the attributes, expected it before them",
        True,
    ),
    "fuse with too few loops": (script(f"%0 = transform.structured.fuse %x tile_sizes [4] : ({A}) -> {A}"), "found 0 loop results, expected 1", True),
    "fuse into a forall with two loops": (script(f"%0:3 = transform.structured.fuse %x tile_sizes [4, 4] {{use_forall}} : ({A}) -> ({A}, {A}, {A})"), "found 2 loop results, expected 1", True),
    "fuse with too long an interchange": (script(f"%0:2 = transform.structured.fuse %x tile_sizes [4] interchange [1, 0] : ({A}) -> ({A}, {A})"), "interchange has 2 entries, expected at most 1, one for each size", True),
    "fuse with a dim twice": (script(f"%0:3 = transform.structured.fuse %x tile_sizes [4, 4] interchange [1, 1] : ({A}) -> ({A}, {A}, {A})"), "interchange is [1, 1], expected different numbers from 0 to 1", True),
    "fuse without results": (script(f"transform.structured.fuse %x tile_sizes [4] : ({A}) -> ()"), "0 result types, expected the fused op and its loops", True),
    "split with a number and a value": (
        script(f'%0 = "transform.structured.split"(%x, %p) <{{dimension = 0 : i64, static_chunk_sizes = 3 : i64}}> : ({A}, {P}) -> {A}'),
        "a value is given for the chunk size, expected none",
        True,
    ),
    "split with neither": (
        script(f'%0 = "transform.structured.split"(%x) <{{dimension = 0 : i64, static_chunk_sizes = {MINUS} : i64}}> : ({A}) -> {A}'),
        "no value is given for the chunk size, expected one",
        True,
    ),
    "split without a dimension": (script(f"%0 = transform.structured.split %x after 3 : {A}"), "found no `dimension`, expected it in the attributes", True),
    # packing
    "nofold flag of two": (script(f"%0:3 = transform.structured.pad %x {{nofold_flags = [2]}} : ({A}) -> ({A}, {A}, {A})"), "nofold_flags has 2, expected 0 or 1", True),
    "negative padding dimension": (script(f"%0:3 = transform.structured.pad %x {{padding_dimensions = [-1]}} : ({A}) -> ({A}, {A}, {A})"), "padding_dimensions has -1, expected none below 0", True),
    "multiples without dims": (
        script(f"%0:3 = transform.structured.pad %x pad_to_multiple_of [4] : ({A}) -> ({A}, {A}, {A})"),
        "pad_to_multiple_of has 1 entries, expected 0 as padding_dimensions has",
        True,
    ),
    "transpose of a pad that is no permutation": (
        script(f"%0:3 = transform.structured.pad %x {{transpose_paddings = [[0, 0]]}} : ({A}) -> ({A}, {A}, {A})"),
        "transpose_paddings 0 is [0, 0], expected a permutation of 0 to 1",
        True,
    ),
    "transpose of a pad that is a number": (script(f"%0:3 = transform.structured.pad %x {{transpose_paddings = [0]}} : ({A}) -> ({A}, {A}, {A})"), "transpose_paddings 0 is 0 : i64, expected a list of integers", True),
    "copy back by another op": (script(f'%0:3 = transform.structured.pad %x {{copy_back_op = "memref.copy"}} : ({A}) -> ({A}, {A}, {A})'), 'copy_back_op is "memref.copy", expected one of bufferization.materialize_in_destination, linalg.copy, none', True),
    "hoisted transpose that is no permutation": (script(f"%0 = transform.structured.hoist_pad %x by 1 loops, transpose by [1] : ({A}) -> {A}"), "transpose is [1], expected a permutation of 0 to 0", True),
    "copy into a buffer by another op": (script(f'%0, %1 = transform.structured.bufferize_to_allocation %x {{memcpy_op = "none"}} : {A}'), 'memcpy_op is "none", expected one of bufferization.materialize_in_destination, memref.copy, linalg.copy', True),
    "allocation by another op": (script(f'%0, %1 = transform.structured.bufferize_to_allocation %x {{alloc_op = "malloc"}} : {A}'), 'alloc_op is "malloc", expected one of memref.alloc, memref.alloca', True),
    "pack sizes without a value": (script(f'%0 = "transform.structured.pack"(%x) <{{static_packed_sizes = array<i64: {MINUS}>}}> : ({A}) -> {A}'), "0 values are given for packed_sizes, expected 1", None),
    "greedy pack of two sizes": (
        script(f"%0 = transform.structured.pack_greedily %x matmul_packed_sizes = [8, 8] matmul_inner_dims_order = [0, 1, 2] : ({A}) -> {A}"),
        "matmul_packed_sizes has 2 entries, expected 3",
        True,
    ),
    "greedy pack by size and multiple": (
        script(f"%0 = transform.structured.pack_greedily %x matmul_packed_sizes = [8, 8, 8] matmul_padded_sizes_next_multiple_of = [0, 4, 0] matmul_inner_dims_order = [0, 1, 2] : ({A}) -> {A}"),
        "dim 1 has the size 8 and the multiple 4, expected one of them to be 0",
        True,
    ),
    "greedy pack in no order": (
        script(f"%0 = transform.structured.pack_greedily %x matmul_packed_sizes = [8, 8, 8] matmul_inner_dims_order = [0, 1, 1] : ({A}) -> {A}"),
        "matmul_inner_dims_order is [0, 1, 1], expected a permutation of 0 to 2",
        True,
    ),
    "tile sizes of different types": (
        script(f'%0:3 = "transform.structured.multitile_sizes"(%x) <{{dimension = 0 : i64, target_size = 4 : i64}}> : ({A}) -> ({A}, {A}, {P})'),
        f"result types are ({A}, {A}, {P}), expected them equal",
        True,
    ),
    "tile sizes with all types spelled out": (script(f"%0:3 = transform.structured.multitile_sizes %x {{dimension = 0 : i64, target_size = 4 : i64}} : ({A}) -> ({P}, {P}, {P})"), "3 result types, expected 1, that of all results", True),
    # loops, gpu, bufferisation
    "unroll by nothing": (script(f"transform.loop.unroll %x {{factor = 0 : i64}} : {A}"), "factor is 0, expected at least 1", True),
    "grid of two dims": (script(f"%0 = transform.gpu.map_forall_to_blocks %x grid_dims = [4, 4] : ({A}) -> {A}"), "grid_dims has 2 entries, expected none or 3", True),
    "bufferisation that copies otherwise": (script(f'%0 = transform.bufferization.one_shot_bufferize %x {{memcpy_op = "memcpy"}} : ({A}) -> {A}'), 'memcpy_op is "memcpy", expected memref.copy or linalg.copy', True),
    "layout that there is not": (script(f"%0 = transform.bufferization.one_shot_bufferize layout{{Identity}} %x : ({A}) -> {A}"), "found `Identity`, expected one of InferLayoutMap, IdentityLayoutMap, FullyDynamicLayoutMap", True),
    # patterns and passes
    "op that names no patterns": (script(f"transform.apply_patterns to %x {{\n transform.print\n}} : {A}"), "region has transform.print, expected only transform.apply_patterns.*", True),
    "lowering that there is not": (
        script(f"transform.apply_patterns to %x {{\n transform.apply_patterns.vector.lower_contraction lowering_strategy = dots\n}} : {A}"),
        "found `dots`, expected one of dot, llvmintr, outerproduct, parallelarith",
        True,
    ),
    "transpose lowering that there is not": (
        script(f"transform.apply_patterns to %x {{\n transform.apply_patterns.vector.lower_transpose lowering_strategy = dots\n}} : {A}"),
        "found `dots`, expected one of eltwise, llvmintr, shuffle_1d, shuffle_16x16",
        True,
    ),
    "lowering of another number": (
        script(f'transform.apply_patterns to %x {{\n "transform.apply_patterns.vector.lower_contraction"() <{{lowering_strategy = 4 : i32}}> : () -> ()\n}} : {A}'),
        "lowering_strategy is 4, expected 0 to 3",
        True,
    ),
    "pass with its older options": (script(f'%0 = transform.apply_registered_pass "cse" with options = "a=1" to %x : ({A}) -> {A}'), "'{' expected", True),
    "pass with a parameter that no option names": (
        script(f'%0 = "transform.apply_registered_pass"(%x, %p) <{{pass_name = "cse", options = {{}}}}> : ({A}, {P}) -> {A}'),
        "options name the parameters [], expected each of [0] once",
        True,
    ),
    # tune
    "selected value that is no option": (script(f'%0 = transform.tune.knob<"t"> = 5 : i64 from options = [8, 16] -> {P}'), "selected is 5 : i64, expected one of [8 : i64, 16 : i64]", True),
    "knob of a name twice": (
        script(f'%0 = transform.tune.knob<"t"> options = [8, 16] -> {P}\n%1 = transform.tune.knob<"t"> options = [4] -> {P}'),
        'a second knob is named "t", expected each name once in a script',
        False,
    ),
    "knob named as alternatives are, in another sequence": (
        script('transform.tune.alternatives<"t"> {\n}').removesuffix("}")
        + f'transform.named_sequence @other() {{\n%0 = transform.tune.knob<"t"> options = [8, 16] -> {P}\ntransform.yield\n}}\n}}',
        'a second knob is named "t", expected each name once in a script',
        False,
    ),
    "selected region that there is not": (script('transform.tune.alternatives<"t"> selected_region = 1 {\n}'), "selected_region is 1, expected one of the 1 regions", True),
    "region selected twice": (
        script(f'"transform.tune.alternatives"(%p) <{{name = "t", selected_region_attr = 0 : index}}> ({{\n"transform.yield"() : () -> ()\n}}) : ({P}) -> ()'),
        "found a number and a parameter for the selected region, expected one of them",
        False,
    ),
    "region with arguments": (script(f'transform.tune.alternatives<"t"> {{\n^bb0(%a: {A}):\n}}'), f"region 0 takes ({A}), expected ()", True),
    "region that yields otherwise": (
        script(f'%0 = transform.tune.alternatives<"t"> -> {A} {{\n}}'),
        f"region 0 yields (), expected ({A}), the results of transform.tune.alternatives",
        True,
    ),
    "constraint of too few values": (script(f"transform.smt.constrain_params(%p) : ({P}) -> () {{\n}}"), "body takes 0 values, expected 1, one for each parameter", True),
    "constraint of no smt value": (script(f"transform.smt.constrain_params(%p) : ({P}) -> () {{\n^bb0(%a: i64):\n}}"), "body argument 0 is i64, expected a type of smt such as !smt.int", True),
    "constraint of types": (
        script("%t = transform.param.constant f32 -> !transform.type\ntransform.smt.constrain_params(%t) : (!transform.type) -> () {\n^bb0(%a: !smt.int):\n}"),
        "parameter 0 is !transform.type, expected integers",
        True,
    ),
    "constraint that yields nothing": (script(f"%0 = transform.smt.constrain_params(%p) : ({P}) -> {P} {{\n^bb0(%a: !smt.int):\n}}"), "body yields 0 values, expected 1", True),
    "constraint that ends in no yield": (
        script(f'"transform.smt.constrain_params"(%p) ({{\n^bb0(%a: !smt.int):\n"transform.yield"() : () -> ()\n}}) : ({P}) -> ()'),
        "body ends in transform.yield, expected smt.yield",
        True,
    ),
    # match
    "predicate that there is not": (script(f"transform.match.param.cmpi less %p, %p : {P}"), "found `less`, expected one of eq, ne, lt, le, gt, ge", True),
    "predicate of another number": (script(f'"transform.match.param.cmpi"(%p, %p) <{{predicate = 6 : i32}}> : ({P}, {P}) -> ()'), "predicate is 6, expected 0 to 5", True),
    "matcher of structured ops on another type": (script(f"transform.match.structured %x : {A} {{\n^bb0(%s: {FOR}):\n}}"), f"body takes ({FOR}), expected ({A})", False),
    "matcher of structured ops that changes the payload": (structured(f"transform.apply_cse to %s : {A}"), "body has transform.apply_cse, expected only ops that match", True),
    "matcher of structured ops that yields what it does not say": (
        structured(f"transform.match.structured.yield %s : {A}"),
        f"body yields ({A}), expected (), the results of transform.match.structured",
        False,
    ),
    "question outside a matcher": (script(f"transform.match.structured.body %x {{elementwise}} : {A}"), "stands outside transform.match.structured, expected it directly inside", True),
    "question about dims outside a matcher": (script(f"transform.match.structured.dim %x[all] : {A}"), "stands outside transform.match.structured, expected it directly inside", True),
    "question about nothing": (structured(f"transform.match.structured.body %s : {A}"), "asks for nothing, expected just one criterion", False),
    "question about two things": (structured(f"transform.match.structured.body %s {{elementwise, passthrough}} : {A}"), "asks for elementwise, passthrough, expected just one criterion", True),
    "contraction of one op": (structured(f'transform.match.structured.body %s {{contraction = ["arith.mulf"]}} : {A}'), "contraction names 1 ops, expected 2: elementwise and reduction", True),
    "dims that are parallel and reductions": (structured(f"transform.match.structured.dim %s[all] {{parallel, reduction}} : {A}"), "found both parallel and reduction, expected at most one of them", True),
    "user of a result that is any and single": (structured(f"%0 = transform.match.structured.result %s[0] any single : ({A}) -> {A}"), "found any and single, expected one of any and single for an op", True),
    "user of a result that is neither": (structured(f"%0 = transform.match.structured.result %s[0] : ({A}) -> {A}"), "found neither any nor single, expected one of any and single for an op", True),
    "value of a result that is single": (structured(f"%0 = transform.match.structured.result %s[0] single : ({A}) -> {V}"), "found single, expected none for a value", True),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_found_and_expected(case):
    text, message, _ = REFUSED[case]
    with pytest.raises((ParseError, VerifyException)) as caught:
        parse(text).verify()
    assert message in str(caught.value)


@pytest.mark.parametrize("case", REFUSED)
def test_the_reader_of_files_names_the_place(case):
    text, message, _ = REFUSED[case]
    with pytest.raises(UsageError) as caught:
        check_input(parse_bytes(text.encode(), "s.mlir", make_context()))
    assert re.match(r"s\.mlir:\d+:\d+: error: ", str(caught.value))
    assert message in str(caught.value)


def test_upstream_refuses_what_we_say_it_refuses():
    tool = shutil.which("mlir-opt-22")
    if tool is None:
        pytest.skip("mlir-opt-22 is absent (Debian package mlir-22-tools)")
    asked = {case: text for case, (text, _, upstream) in REFUSED.items() if upstream is not None}
    text = "\n// -----\n".join(f'// case "{case}"\n{text}' for case, text in asked.items())
    starts = {text.count("\n", 0, found.start()) + 1: found[1] for found in re.finditer('// case "(.*?)"', text)}
    done = subprocess.run([tool, "--split-input-file"], input=text, capture_output=True, text=True)
    assert done.returncode == 1, "mlir-opt crashed"
    refused = {
        starts[max(start for start in starts if start <= int(line))]
        for line in re.findall(r"<stdin>:(\d+):\d+: error", done.stderr)
    }
    assert refused == {case for case, (_, _, upstream) in REFUSED.items() if upstream}
