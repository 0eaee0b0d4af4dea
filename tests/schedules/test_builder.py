"""Scripts written in Python: the text that they are, and the Python that they read back as."""

# ruff: noqa: E501 - lines of IR stay whole

from __future__ import annotations

import pytest
from xdsl.utils.exceptions import VerifyException

from rung.dialects.upstream import parse
from rung.schedules.builder import OpHandle, Script, schedule
from rung.schedules.builder_text import METHODS, to_python


def everything() -> Script:
    """A script that calls each method of the builder."""
    with schedule() as s:
        mm = s.match("linalg.matmul")
        tiled, grid = mm.tile_using_forall(tile_sizes=[64, s.knob("n", [32, 64], 64)], mapping=["#gpu.block<y>", "#gpu.block<x>"])
        small, [_, inner] = tiled.tile_using_for(tile_sizes=[4, 0, s.param(8)], interchange=[1, 0])
        padded, pads, _ = small.pad(
            pad_to_multiple_of=[2, s.param(4)], padding_dimensions=[0, 1], padding_values=["0.0 : f32"], copy_back_op="none"
        )
        pads.hoist_pad(num_loops=1, transpose=[1, 0]).bufferize_to_allocation(memory_space="#gpu.address_space<workgroup>")
        padded.vectorize(vector_sizes=[4, s.param(4), 8], create_named_contraction=True)
        fused, loops = s.match(interface="TilingInterface").fuse(tile_sizes=[8, 16], interchange=[1, 0], apply_cleanup=True)
        fused.fuse_into_containing_op(loops[0])
        one, [_] = s.match("linalg.softmax").fuse(tile_sizes=[8, 0], use_forall=True)
        one.decompose_interface().generalize().interchange(iterator_interchange=[1, 0]).convert_to_loops()
        conv = s.match("linalg.conv_2d_nhwc_hwcf", op_attrs="{tag, n = 4 : i64}", filter_result_type="tensor<4xf32>")
        _, product = conv.convert_conv2d_to_img2col()
        product.pack(packed_sizes=[8, 0, 32]).promote(operands_to_promote=[0, 1], use_full_tile_buffers=[True, False])
        s.match("linalg.generic").split_reduction(split_factor=4)
        main, rest = inner.cast("scf.for").peel(peel_front=True)
        main.unroll(factor=2)
        rest.unroll_and_jam(factor=2)
        first, second = s.merge(loops[1], loops[0], deduplicate=True).split_handle(2)
        first.coalesce().hoist_loop_invariant_subsets()
        second.print("here")
        second.annotate("tag", s.param(3))
        second.annotate("seen")
        second.get_parent_op(op_name="func.func", deduplicate=True).verify()
        second.get_producer_of_operand(operand_number=0).get_consumers_of_result(result_number=0).print()
        func = s.match("func.func").vectorize_children_and_apply_patterns(vectorize_padding=True)
        func.apply_patterns("canonicalization", "vector.lower_masks", apply_cse=True)
        func.apply_cse()
        grid.apply_licm()
        grid.forall_to_parallel()
        func.hoist_redundant_vector_transfers(verify_non_zero_trip=True)
        blocks = func.map_forall_to_blocks(generate_gpu_launch=True, grid_dims=[4, 2, 1])
        blocks.map_nested_forall_to_threads(block_dims=[8, 8, 1], warp_size=64, sync_after_distribute=False)
        whole = s.root.one_shot_bufferize(
            bufferize_function_boundaries=True, function_boundary_type_conversion="IdentityLayoutMap"
        )
        whole.apply_registered_pass(pass_name="canonicalize", options='{"max-iterations" = 5 : i64}')
    return s


def run(text: str) -> Script:
    names: dict[str, object] = {"schedule": schedule}
    exec(text, names)
    script = names["s"]
    assert isinstance(script, Script)
    return script


def test_python_becomes_the_text_that_one_would_write(mlir_opt):
    with schedule() as s:
        mm = s.match("linalg.matmul")
        tiled, _ = mm.tile_using_forall(tile_sizes=[64, 32], mapping=["#gpu.block<y>", "#gpu.block<x>"])
        tiled.vectorize()
    text = """module attributes {transform.with_named_sequence} {
      transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
        %matmul = transform.structured.match ops{["linalg.matmul"]} in %root : (!transform.any_op) -> !transform.any_op
        %tiled, %forall = transform.structured.tile_using_forall %matmul tile_sizes [64, 32] (mapping = [#gpu.block<y>, #gpu.block<x>]) : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
        transform.structured.vectorize %tiled : !transform.any_op
        transform.yield
      }
    }"""
    assert s.module.is_structurally_equivalent(parse(text))
    assert mlir_opt(s.module) == mlir_opt(text)
    assert "%tiled, %forall = transform.structured.tile_using_forall %matmul" in str(s.module)


def test_every_method_emits_what_upstream_reads(mlir_opt):
    mlir_opt(everything().module)


def test_every_method_reads_back_as_the_same_script():
    script = everything()
    text = to_python(script.module)
    assert run(text).module.is_structurally_equivalent(script.module)
    assert to_python(run(text).module) == text


def test_every_op_with_a_method_is_in_the_script_above():
    used = {type(op) for op in everything().module.walk()}
    assert set(METHODS) <= used
    assert all(callable(getattr(OpHandle, name)) for name in METHODS.values())


def test_root_that_is_consumed_is_marked_so():
    with schedule() as s:
        s.root.one_shot_bufferize()
    assert "{transform.consumed}" in str(s.module)


def test_python_that_reads_back_is_what_one_would_write():
    with schedule() as s:
        s.match("scf.for").unroll(factor=4)
    assert to_python(s.module) == "with schedule() as s:\n    h = s.match('scf.for')\n    h.unroll(factor=4)\n"


def test_empty_script_reads_back():
    with schedule() as s:
        pass
    assert to_python(s.module) == "with schedule() as s:\n    pass\n"


def test_failure_inside_the_block_is_the_users_own():
    with pytest.raises(KeyError, match="mine"), schedule():
        raise KeyError("mine")


def test_what_a_verifier_refuses_is_refused_at_the_end():
    with pytest.raises(VerifyException, match="factor is 0, expected at least 1"), schedule() as s:
        s.match("scf.for").unroll(factor=0)


def test_word_that_is_no_property_is_named_with_those_there_are():
    with pytest.raises(TypeError, match=r"transform.structured.match has no `op_names`, expected one of .*ops"), schedule() as s:
        s.match(op_names="linalg.matmul")


def test_enum_of_another_word_is_refused():
    with pytest.raises(ValueError, match="interface is 'Loop', expected one of LinalgOp, TilingInterface, LoopLikeInterface"):
        schedule().match(interface="Loop")


MAIN = "module attributes {{transform.with_named_sequence}} {{\ntransform.named_sequence @__transform_main(%r: !transform.any_op) {{\n{}\ntransform.yield\n}}\n}}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("transform.apply_dce to %r : !transform.any_op", "transform.apply_dce: expected an op of the builder"),
        ("transform.apply_cse to %r {note} : !transform.any_op", "transform.apply_cse has the attributes note, expected none"),
        ("transform.print", "transform.print: expected a handle, and no option but its name"),
        ('%p = transform.param.constant "x" -> !transform.any_param', "transform.param.constant: expected a constant of i64"),
        ('%p = transform.tune.knob<"k"> options = ["x"] -> !transform.any_param', "transform.tune.knob: expected a list of numbers"),
        ("%c = transform.cast %r : !transform.any_op to !transform.any_op", "transform.cast: expected a cast to ops of a name"),
        (
            "%a:2 = transform.split_handle %r {overflow_result = 1 : i64} : (!transform.any_op) -> (!transform.any_op, !transform.any_op)",
            "transform.split_handle: expected a split without options",
        ),
        (
            "%a, %b = transform.structured.tile_using_for %r tile_sizes [[4]] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)",
            "transform.structured.tile_using_for: expected no scalable sizes",
        ),
        (
            'transform.apply_patterns to %r {\n transform.apply_patterns.vector.lower_contraction\n} : !transform.any_op',
            "lower_contraction: expected patterns without arguments",
        ),
        (
            '%a = transform.structured.match ops{["scf.for"]} in %r : (!transform.any_op) -> !transform.op<"scf.for">',
            "transform.structured.match: expected results of !transform.any_op",
        ),
    ],
    ids=lambda text: text if text.startswith("transform") else "",
)  # fmt: skip
def test_what_no_call_emits_is_named(line, message):
    with pytest.raises(ValueError) as caught:
        to_python(parse(MAIN.format(line)))
    assert message in str(caught.value)


def test_script_of_another_entry_is_named():
    with pytest.raises(ValueError, match="found other, expected @__transform_main of one root alone"):
        to_python(parse(MAIN.format("").replace("__transform_main", "other")))
