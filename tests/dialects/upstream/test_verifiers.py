"""Each message of the overlays' verifiers and parsers, beside an input that earns it."""

# ruff: noqa: E501 - lines of IR stay whole

from __future__ import annotations

import pytest
from xdsl.utils.exceptions import ParseError, VerifyException

from rung.dialects.upstream import parse
from rung.judges.structure import check_module

FORALL = '"scf.forall"({values}) <{{operandSegmentSizes = array<i32: {segments}>, staticLowerBound = array<i64: {low}>, staticStep = array<i64: {step}>, staticUpperBound = array<i64: {up}>{more}}}> ({{\n{body}\n  "scf.forall.in_parallel"() ({{\n^bb0:\n}}) : () -> () }}) : {type}'


def forall(values="", segments="0, 0, 0, 0", low="0", step="1", up="8", more="", body="^bb0(%i: index):", type="() -> ()"):
    return FORALL.format(values=values, segments=segments, low=low, step=step, up=up, more=more, body=body, type=type)


SLICED = '%t = "test.op"() : () -> tensor<4x8xf32>\n%s = tensor.extract_slice {}'

KERNEL = "gpu.module @k {{ {} }}"
VALUES = "%f, %n, %x, %v, %m = {} : () -> (f32, i32, index, vector<4x8xf32>, memref<8x8xf32>)".format('"test.op"()')
DYNAMIC = "-9223372036854775808"

REFUSED = {
    "slice of another type than its sizes": (
        SLICED.format("%t[0, 0] [2, 4] [1, 1] : tensor<4x8xf32> to tensor<2x5xf32>"),
        "the slice has type tensor<2x5xf32>, expected the sizes 2x4",
    ),
    "slice that drops an axis which is no unit": (
        SLICED.format("%t[0, 0] [2, 4] [1, 1] : tensor<4x8xf32> to tensor<4xf32>"),
        "the slice has type tensor<4xf32>, expected the sizes 2x4",
    ),
    "slice that reaches over the end": (
        SLICED.format("%t[2, 0] [2, 4] [2, 1] : tensor<4x8xf32> to tensor<2x4xf32>"),
        "the slice reaches 4 of axis 0, expected it within 0 to 3",
    ),
    "slice before the beginning": (
        SLICED.format("%t[-1, 0] [2, 4] [1, 1] : tensor<4x8xf32> to tensor<2x4xf32>"),
        "offset -1 and size 2 of axis 0, expected none below 0",
    ),
    "slice with too few sizes": (
        SLICED.format("%t[0] [2] [1] : tensor<4x8xf32> to tensor<2xf32>"),
        "1 offsets, expected 2, one for each axis of tensor<4x8xf32>",
    ),
    "slice put into what is too small": (
        '%p, %q = "test.op"() : () -> (tensor<4xf32>, tensor<3xf32>)\n'
        "%r = tensor.insert_slice %p into %q[0] [4] [1] : tensor<4xf32> into tensor<3xf32>",
        "the slice reaches 3 of axis 0, expected it within 0 to 2",
    ),
    "subview of another type than its sizes": (
        '%u = "test.op"() : () -> memref<8xf32>\n%w = memref.subview %u[0] [4] [1] : memref<8xf32> to memref<5xf32, strided<[1]>>',
        "the slice has type memref<5xf32, strided<[1]>>, expected the sizes 4",
    ),
    "forall bounds of different count": (
        forall(up="8, 8"),
        "counts of lower bounds, upper bounds and steps are [1, 2, 1], expected them equal",
    ),
    "forall marker without a value": (forall(up=DYNAMIC), "0 values are given for upper bounds, expected 1"),
    "forall step of zero": (forall(step="0"), "step is 0, expected a positive one"),
    "forall body argument missing": (forall(body="^bb0:"), "body arguments are (), expected (index)"),
    "forall mapping of wrong length": (
        forall(more=", mapping = [#gpu.block<x>, #gpu.block<y>]"),
        "mapping has 2 entries, expected 1",
    ),
    "forall result type unlike the out": (
        '%t = "test.op"() : () -> tensor<8xf32>\n%r = '
        + forall("%t", "0, 0, 0, 1", body="^bb0(%i: index, %o: tensor<8xf32>):", type="(tensor<8xf32>) -> tensor<4xf32>"),
        "result types are (tensor<4xf32>), expected (tensor<8xf32>)",
    ),
    "in_parallel with another op": (
        "scf.forall (%i) in (8) {\n scf.forall.in_parallel {\n %c = arith.constant 1 : i32\n }\n}",
        "body has arith.constant, expected only tensor.parallel_insert_slice",
    ),
    "parallel_insert_slice of wrong rank": (
        '%t = "test.op"() : () -> tensor<8x8xf32>\n%s = "test.op"() : () -> tensor<8xf32>\n'
        "%r = scf.forall (%i) in (8) shared_outs(%o = %t) -> (tensor<8x8xf32>) {\n scf.forall.in_parallel {\n"
        "  tensor.parallel_insert_slice %s into %o[%i] [8] [1] : tensor<8xf32> into tensor<8x8xf32>\n }\n}",
        "1 offsets are given, expected 2, one for each dim of dest",
    ),
    "parallel_insert_slice marker without a value": (
        '%t = "test.op"() : () -> tensor<8xf32>\n'
        "%r = scf.forall (%i) in (8) shared_outs(%o = %t) -> (tensor<8xf32>) {\n scf.forall.in_parallel {\n"
        '  "tensor.parallel_insert_slice"(%t, %o) <{operandSegmentSizes = array<i32: 1, 1, 0, 0, 0>, '
        f"static_offsets = array<i64: {DYNAMIC}>, static_sizes = array<i64: 8>, static_strides = array<i64: 1>}}> "
        ": (tensor<8xf32>, tensor<8xf32>) -> ()\n }\n}",
        "0 values are given for offsets, expected 1",
    ),
    "gpu.func without a body": (
        KERNEL.format('"gpu.func"() <{function_type = () -> ()}> ({ }) {sym_name = "f"} : () -> ()'),
        "body is empty, expected a block: gpu.func has no declarations",
    ),
    "gpu.func argument unlike its type": (
        KERNEL.format(
            '"gpu.func"() <{function_type = (f32) -> ()}> ({\n^bb0(%a: i32):\n gpu.return\n}) {sym_name = "f"} : () -> ()'
        ),
        "entry block takes (i32), expected the inputs (f32) first",
    ),
    "gpu.func with fewer buffers than it says": (
        KERNEL.format(
            '"gpu.func"() <{function_type = () -> ()}> ({\n^bb0:\n gpu.return\n}) '
            '{sym_name = "f", workgroup_attributions = 1 : i64} : () -> ()'
        ),
        "entry block has 0 attributions, expected at least the 1 in workgroup memory",
    ),
    "gpu.func kernel with a result": (
        KERNEL.format("gpu.func @f(%a: f32) -> f32 kernel { gpu.return %a : f32 }"),
        "kernel returns (f32), expected no results",
    ),
    "gpu.func block size of two dims": (
        KERNEL.format("gpu.func @f() kernel attributes {known_block_size = array<i32: 1, 1>} { gpu.return }"),
        "known_block_size has 2 entries, expected 3",
    ),
    "gpu.return of another type": (
        KERNEL.format("gpu.func @f(%a: f32, %b: i32) -> f32 { gpu.return %b : i32 }"),
        "returns (i32), expected (f32)",
    ),
    "launch of a missing kernel": (
        "gpu.launch_func @k::@f blocks in (%x, %x, %x) threads in (%x, %x, %x)",
        "kernel @k::@f is not there, expected a gpu.func",
    ),
    "launch of a function that is no kernel": (
        KERNEL.format("gpu.func @f() { gpu.return }") + "\ngpu.launch_func @k::@f blocks in (%x, %x, %x) threads in (%x, %x, %x)",
        "kernel @k::@f has no attribute gpu.kernel, expected a gpu.func marked kernel",
    ),
    "launch with another argument": (
        KERNEL.format("gpu.func @f(%a: f32) kernel { gpu.return }")
        + "\ngpu.launch_func @k::@f blocks in (%x, %x, %x) threads in (%x, %x, %x) args(%n : i32)",
        "launch passes (i32), expected (f32)",
    ),
    "launch sizes of two types": (
        KERNEL.format("gpu.func @f() kernel { gpu.return }")
        + '\n"gpu.launch_func"(%x, %x, %x, %n, %x, %x) <{kernel = @k::@f, operandSegmentSizes = array<i32: 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0>}> : (index, index, index, i32, index, index) -> ()',
        "launch sizes have types index and i32, expected one type",
    ),
    "launch with one cluster size": (
        KERNEL.format("gpu.func @f() kernel { gpu.return }")
        + '\n"gpu.launch_func"(%x, %x, %x, %x, %x, %x, %x) <{kernel = @k::@f, operandSegmentSizes = array<i32: 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0>}> : (index, index, index, index, index, index, index) -> ()',
        "cluster has 1 sizes, expected 0 or 3",
    ),
    "subgroup_reduce stride without a size": (
        '%r = "gpu.subgroup_reduce"(%f) <{op = #gpu<all_reduce_op add>, cluster_stride = 2 : i32}> : (f32) -> f32',
        "cluster stride is 2, expected 1 where no cluster size is given",
    ),
    "subgroup_reduce over three lanes": (
        "%r = gpu.subgroup_reduce add %f cluster(size = 3) : (f32) -> f32",
        "cluster size is 3, expected a positive power of two",
    ),
    "all_reduce with neither kind nor body": (
        "%r = gpu.all_reduce %f { } : (f32) -> f32",
        "neither a kind nor a body given, expected exactly one of them",
    ),
    "all_reduce with kind and body": (
        "%r = gpu.all_reduce add %f {\n^bb0(%l: f32, %r0: f32):\n gpu.yield %l : f32\n} : (f32) -> f32",
        "a kind and a body given, expected exactly one of them",
    ),
    "gpu.yield of another type": (
        "%r = gpu.all_reduce %f {\n^bb0(%l: f32, %r0: f32):\n %c = arith.constant 1 : i32\n gpu.yield %c : i32\n} : (f32) -> f32",
        "yields ['i32'], expected ['f32'] as gpu.all_reduce",
    ),
    "gpu.alloc without its dynamic size": (
        "%a = gpu.alloc () : memref<?xf32>",
        "0 dynamic sizes are given, expected 1",
    ),
    "gpu.memcpy of another size": (
        "%a = gpu.alloc () : memref<4xf32>\ngpu.memcpy %m, %a : memref<8x8xf32>, memref<4xf32>",
        "source type is memref<4xf32>, expected the elements of memref<8x8xf32>",
    ),
    "vector.transpose that repeats a dim": (
        '%t = "vector.transpose"(%v) <{permutation = array<i64: 1, 1>}> : (vector<4x8xf32>) -> vector<8x4xf32>',
        "permutation is [1, 1], expected each of [0, 1] once",
    ),
    "vector.transpose to the source's shape": (
        "%t = vector.transpose %v, [1, 0] : vector<4x8xf32> to vector<4x8xf32>",
        "result type is vector<4x8xf32>, expected vector<8x4xf32>",
    ),
    "vector.shape_cast that drops elements": (
        "%t = vector.shape_cast %v : vector<4x8xf32> to vector<31xf32>",
        "result has 31 elements, expected 32",
    ),
    "vector.shape_cast to another element type": (
        "%t = vector.shape_cast %v : vector<4x8xf32> to vector<32xi32>",
        "result has elements i32, expected f32",
    ),
    "vector.step of floats": (
        "%t = vector.step : vector<8xf32>",
        "result type is vector<8xf32>, expected a vector<..xindex> of one dim",
    ),
    "vector.from_elements with one too few": (
        "%t = vector.from_elements %f : vector<2xf32>",
        "1 elements are given, expected 2",
    ),
    "vector.to_elements with one too few": (
        '%t = "vector.to_elements"(%v) : (vector<4x8xf32>) -> f32',
        "1 results, expected 32",
    ),
    "vector.extract_strided_slice past the end": (
        "%t = vector.extract_strided_slice %v {offsets = [0, 6], sizes = [2, 4], strides = [1, 1]} : vector<4x8xf32> to vector<2x4xf32>",
        "dim 1 takes 6 to 10, expected a range within 0 to 8",
    ),
    "vector.extract_strided_slice with a stride": (
        "%t = vector.extract_strided_slice %v {offsets = [0], sizes = [2], strides = [2]} : vector<4x8xf32> to vector<2x8xf32>",
        "strides are [2], expected all 1",
    ),
    "vector.extract_strided_slice of wrong type": (
        "%t = vector.extract_strided_slice %v {offsets = [0], sizes = [2], strides = [1]} : vector<4x8xf32> to vector<2x4xf32>",
        "result type is vector<2x4xf32>, expected vector<2x8xf32>",
    ),
    "vector.extract_strided_slice with sizes missing": (
        "%t = vector.extract_strided_slice %v {offsets = [0, 0], sizes = [2], strides = [1, 1]} : vector<4x8xf32> to vector<2x8xf32>",
        "2 offsets and 1 sizes are given, expected as many of each, at most 2",
    ),
    "vector.insert_strided_slice with an offset missing": (
        "%t = vector.insert_strided_slice %v, %v {offsets = [0], strides = [1, 1]} : vector<4x8xf32> into vector<4x8xf32>",
        "1 offsets are given, expected 2",
    ),
    "vector.gather with an offset missing": (
        '%idx, %mask, %o = "test.op"() : () -> (vector<8xindex>, vector<8xi1>, vector<8xf32>)\n'
        "%t = vector.gather %m[%x] [%idx], %mask, %o : memref<8x8xf32>, vector<8xindex>, vector<8xi1>, vector<8xf32> into vector<8xf32>",
        "1 offsets are given, expected 2",
    ),
    "vector.gather with a short mask": (
        '%idx, %mask, %o = "test.op"() : () -> (vector<8xindex>, vector<4xi1>, vector<8xf32>)\n'
        "%t = vector.gather %m[%x, %x] [%idx], %mask, %o : memref<8x8xf32>, vector<8xindex>, vector<4xi1>, vector<8xf32> into vector<8xf32>",
        "mask have shape (4,), expected (8,)",
    ),
    "vector.multi_reduction over a dim that is not there": (
        '%t = "vector.multi_reduction"(%v, %f) <{kind = #vector.kind<add>, reduction_dims = array<i64: 0, 2>}> : (vector<4x8xf32>, f32) -> f32',
        "dims are [0, 2], expected different ones of 0 to 1",
    ),
    "vector.multi_reduction to a wrong shape": (
        "%t = vector.multi_reduction <add>, %v, %f [1] : vector<4x8xf32> to f32",
        "result type is f32, expected vector<4xf32>",
    ),
    "vector.contract with two maps": (
        '%t = "vector.contract"(%v, %v, %f) <{indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = [#vector.iterator_type<reduction>]}> : (vector<4x8xf32>, vector<4x8xf32>, f32) -> f32',
        "2 indexing maps are given, expected 3",
    ),
    "vector.contract with a map of other dims": (
        '%t = vector.contract {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["parallel", "reduction"]} %v, %v, %f : vector<4x8xf32>, vector<4x8xf32> into f32',
        "indexing map has 1 dims, expected 2, one for each iterator",
    ),
    "vector.contract with a map of other rank": (
        '%t = vector.contract {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]} %v, %v, %f : vector<4x8xf32>, vector<4x8xf32> into f32',
        "indexing map (d0) -> (d0) has 1 results, expected 2",
    ),
    "vector.contract with two extents for a dim": (
        '%t = vector.contract {indexing_maps = [affine_map<(d0) -> (d0, d0)>, affine_map<(d0) -> (d0, d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]} %v, %v, %f : vector<4x8xf32>, vector<4x8xf32> into f32',
        "d0 has extents 4 and 8, expected one extent",
    ),
    "vector.outerproduct to a wrong shape": (
        '%t = "vector.outerproduct"(%v, %f) <{kind = #vector.kind<add>}> : (vector<4x8xf32>, f32) -> vector<8x4xf32>',
        "result type is vector<8x4xf32>, expected vector<4x8xf32>",
    ),
    "arith.cmpf on vectors to i1": (
        '%t = "arith.cmpf"(%v, %v) <{predicate = 4 : i64, fastmath = #arith.fastmath<none>}> : (vector<4x8xf32>, vector<4x8xf32>) -> i1',
        "result type is i1, expected vector<4x8xi1>",
    ),
    "arith.cmpi of two types": (
        '%t = "arith.cmpi"(%n, %x) <{predicate = 2 : i64}> : (i32, index) -> i1',
        "operand types are i32 and index, expected one type",
    ),
    "arith.select by a condition of another shape": (
        '%c = "test.op"() : () -> vector<8xi1>\n%t = arith.select %c, %v, %v : vector<8xi1>, vector<4x8xf32>',
        "condition type is vector<8xi1>, expected i1 or vector<4x8xi1>",
    ),
    "arith.fptosi to another shape": (
        "%t = arith.fptosi %v : vector<4x8xf32> to vector<8xi32>",
        "result type is vector<8xi32>, expected the shape of vector<4x8xf32>",
    ),
    "arith.extsi to fewer bits": ("%t = arith.extsi %n : i32 to i16", "result has 16 bits, expected more than the operand's 32"),
    "arith.trunci to more bits": (
        "%t = arith.trunci %n : i32 to i64",
        "result has 64 bits, expected fewer than the operand's 32",
    ),
    "arith.index_cast between integers": (
        "%t = arith.index_cast %n : i32 to i64",
        "casts i32 to i64, expected an index on exactly one side",
    ),
    "arith.index_castui between indices": (
        "%t = arith.index_castui %x : index to index",
        "casts index to index, expected an index on exactly one side",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_invalid_op_is_refused_with_found_and_expected(case):
    body, message = REFUSED[case]
    module = parse(f"{VALUES}\n{body}")
    with pytest.raises(VerifyException) as refused:
        check_module(module)
    assert message in str(refused.value)


MISSPELT = {
    "launch of a string": (
        'gpu.launch_func "f" blocks in (%x, %x, %x) threads in (%x, %x, %x)',
        'kernel is "f", expected a symbol such as @kernels::@name',
    ),
    "launch with two block sizes": (
        "gpu.launch_func @k::@f blocks in (%x, %x) threads in (%x, %x, %x)",
        "expected 3 sizes each in clusters, blocks and threads",
    ),
    "reduction to another type": ("%r = gpu.subgroup_reduce add %f : (f32) -> i32", "result type is i32, expected f32"),
    "gpu.alloc of a tensor": ("%r = gpu.alloc () : tensor<4xf32>", "type is tensor<4xf32>, expected a memref"),
    "forall mapping that is no array": (
        "scf.forall (%i) in (8) {\n} {mapping = 1 : i64}",
        "mapping is 1 : i64, expected an array",
    ),
    "contract without maps": (
        "%t = vector.contract {} %v, %v, %f : vector<4x8xf32>, vector<4x8xf32> into f32",
        "expected indexing_maps, an array of affine maps",
    ),
    "contract without iterators": (
        "%t = vector.contract {indexing_maps = [affine_map<() -> ()>]} %v, %v, %f : vector<4x8xf32>, vector<4x8xf32> into f32",
        'expected iterator_types, an array of "parallel" and "reduction"',
    ),
    "contract with an unknown iterator": (
        '%t = vector.contract {indexing_maps = [affine_map<() -> ()>], iterator_types = ["window"]} %v, %v, %f : vector<4x8xf32>, vector<4x8xf32> into f32',
        "iterator types are ['window'], expected parallel or reduction",
    ),
    "contract with a kind that is none": (
        '%t = vector.contract {indexing_maps = [affine_map<() -> ()>], iterator_types = [], kind = "add"} %v, %v, %f : vector<4x8xf32>, vector<4x8xf32> into f32',
        'kind is "add", expected a #vector.kind',
    ),
    "outerproduct of scalars": (
        "%t = vector.outerproduct %f, %f : f32, f32",
        "2 operands, the first a f32; expected 2 or 3, the first a vector",
    ),
    "outerproduct with a kind that is none": (
        '%t = vector.outerproduct %v, %f {kind = "add"} : vector<4x8xf32>, f32',
        'kind is "add", expected a #vector.kind',
    ),
    "hexadecimal float too wide": (
        "%t = arith.constant dense<0xFF800000> : vector<4xf16>",
        "hexadecimal float has more than 16 bits, the width of f16",
    ),
    "generic without maps": ("linalg.generic {} outs(%m : memref<8x8xf32>) {\n}", "expected indexing_maps and iterator_types"),
    "generic with an unknown iterator": (
        'linalg.generic {indexing_maps = [], iterator_types = ["sequential"]} outs(%m : memref<8x8xf32>) {\n}',
        'iterator type is "sequential", expected one of parallel, reduction, window',
    ),
}


@pytest.mark.parametrize("case", MISSPELT)
def test_misspelt_op_is_refused_at_its_place(case):
    body, message = MISSPELT[case]
    with pytest.raises(ParseError) as refused:
        parse(f"{VALUES}\n{body}")
    assert message in str(refused.value)
    assert refused.value.span.get_location().line >= 2


def test_constructors_refuse_what_has_not_three_sizes():
    from xdsl.dialects.builtin import SymbolRefAttr

    from rung.dialects.upstream import gpu

    with pytest.raises(ValueError, match="block has 1 sizes, expected 3"):
        gpu.LaunchFuncOp(SymbolRefAttr("k", ["f"]), [None] * 3, [None])  # pyright: ignore


def test_static_bounds_of_dynamic_forall_are_refused():
    module = parse(f"{VALUES}\nscf.forall (%i0) in (%x) {{\n}}")
    forall_op = next(op for op in module.walk() if op.name == "scf.forall")
    with pytest.raises(ValueError, match=r"bound 0 of scf\.forall is a value, expected it static"):
        forall_op.static_bounds()
