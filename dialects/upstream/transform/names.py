"""What upstream calls its transform ops, so that a script that needs one we lack is told from one with a slip of the pen."""

from __future__ import annotations

import difflib
from functools import cache

UPSTREAM_GROUPS = {
    "affine": "simplify_bounded_affine_ops simplify_min_max_affine_ops",
    "": (
        "alternatives annotate apply_conversion_patterns apply_cse apply_dce apply_licm apply_patterns apply_registered_pass "
        "cast collect_matching foreach foreach_match get_consumers_of_result get_defining_op get_operand get_parent_op "
        "get_producer_of_operand get_result get_type include merge_handles named_sequence num_associations pdl_match print "
        "replicate select sequence split_handle verify with_pdl_patterns yield"
    ),
    "apply_conversion_patterns": "dialect_to_llvm",
    "apply_conversion_patterns.func": "func_to_llvm",
    "apply_conversion_patterns.gpu": "gpu_subgroup_reduce_to_nvvm gpu_to_nvvm gpu_to_rocdl gpu_wmma_to_nvvm",
    "apply_conversion_patterns.memref": "memref_to_llvm_type_converter",
    "apply_conversion_patterns.nvgpu": "nvgpu_to_nvvm",
    "apply_conversion_patterns.scf": "scf_to_control_flow structural_conversions",
    "apply_conversion_patterns.vector": "vector_to_llvm",
    "apply_patterns.arm_neon": "vector_contract_to_bfmmla vector_contract_to_i8mm",
    "apply_patterns.arm_sve": "vector_contract_to_bfmmla vector_contract_to_i8mm",
    "apply_patterns": "canonicalization",
    "apply_patterns.gpu": "eliminate_barriers gpu_rewrite_patterns gpu_shuffle_to_amdgpu unroll_vectors_subgroup_mma",
    "apply_patterns.linalg": (
        "decompose_pack_unpack decompose_pad erase_unnecessary_inputs fold_add_into_dest fold_pack_unpack_into_empty "
        "fold_unit_extent_dims_via_reshapes fold_unit_extent_dims_via_slices pad_vectorization tiling_canonicalization"
    ),
    "apply_patterns.memref": (
        "alloc_to_alloca expand_ops expand_strided_metadata extract_address_computations fold_memref_alias_ops "
        "resolve_ranked_shaped_type_result_dims"
    ),
    "apply_patterns.scf": "for_loop_canonicalization",
    "apply_patterns.tensor": (
        "bubble_up_extract_slice decompose_concat drop_redundant_insert_slice_rank_expansion fold_into_pack_and_unpack "
        "fold_tensor_empty fold_tensor_subset_ops fold_tensor_subset_ops_into_vector_transfers "
        "merge_consecutive_insert_extract_slice reassociative_reshape_folding rewrite_as_constant"
    ),
    "apply_patterns.vector": (
        "cast_away_vector_leading_one_dim drop_inner_most_unit_dims_from_xfer_ops drop_unit_dims_with_shape_cast "
        "elementwise_to_vector fold_arith_extension interleave_to_shuffle lower_bitcast lower_broadcast lower_contraction "
        "lower_create_mask lower_gather lower_interleave lower_masked_transfers lower_masks lower_multi_reduction "
        "lower_outerproduct lower_scan lower_shape_cast lower_transfer lower_transpose materialize_masks "
        "rank_reducing_subview_patterns reduction_to_contract rewrite_narrow_types sink_mem_ops sink_ops "
        "split_transfer_full_partial transfer_permutation_patterns transfer_to_scf unroll_from_elements unroll_to_elements"
    ),
    "apply_patterns.x86vector": (
        "sink_vector_producer_ops vector_contract_bf16_to_fma vector_contract_to_fma vector_contract_to_packed_type_dot_product"
    ),
    "bufferization": "buffer_loop_hoisting eliminate_empty_tensors empty_tensor_to_alloc_tensor one_shot_bufferize",
    "debug": "emit_param_as_remark emit_remark_at",
    "dlti": "query",
    "func": "cast_and_call deduplicate_func_args replace_func_signature",
    "gpu": "map_forall_to_blocks map_nested_forall_to_threads",
    "irdl": "collect_matching",
    "loop": (
        "coalesce forall_to_for forall_to_parallel fuse_sibling hoist_loop_invariant_subsets outline "
        "parallel_for_to_nested_fors peel pipeline promote_if_one_iteration unroll unroll_and_jam"
    ),
    "match": "operation_empty operation_name structured",
    "match.param": "cmpi",
    "match.structured": (
        "body classify_contraction_dims classify_convolution_dims dim elemental_bitwidth init input num_inits num_inputs rank "
        "result yield"
    ),
    "memref": "alloca_to_global erase_dead_alloc_and_stores make_loop_independent multibuffer",
    "nvgpu": "create_async_groups pipeline_shared_memory_copies rewrite_copy_as_tma rewrite_matmul_as_mma_sync",
    "param": "constant",
    "scf": "take_assumed_branch",
    "smt": "constrain_params",
    "sparse_tensor.match": "sparse_inout",
    "structured": (
        "bufferize_to_allocation continuous_tile_sizes convert_conv2d_to_img2col convert_to_loops decompose decompose_interface "
        "decompose_winograd_op eliminate_empty_tensors flatten_elementwise fuse fuse_into_containing_op generalize hoist_pad "
        "hoist_redundant_vector_broadcasts hoist_redundant_vector_transfers insert_slice_to_copy interchange "
        "linalg_copy_to_memref lower_pack lower_unpack match multitile_sizes pack pack_greedily pack_transpose pad "
        "pad_tiling_interface promote promote_tensor replace rewrite_in_destination_passing_style scalarize specialize split "
        "split_reduction tile_reduction_using_for tile_reduction_using_forall tile_using_for tile_using_forall transpose_conv2d "
        "transpose_matmul vectorize vectorize_children_and_apply_patterns winograd_conv2d"
    ),
    "structured.gpu": "map_copy_to_threads",
    "structured.hoist_pad": "build_packing_loop_nest",
    "tensor": "make_loop_independent",
    "tune": "alternatives knob",
    "type_conversion.tensor": "cast_shape_dynamic_dims",
    "xegpu": "convert_layout get_desc_op insert_prefetch set_desc_layout set_gpu_launch_threads set_op_layout_attr",
}
"""The transform ops of LLVM 22.1, without those of its tests: the last words of their names, under what stands before them."""


@cache
def upstream_names() -> frozenset[str]:
    """`transform.` and so on: every name that mlir-opt 22 knows."""
    return frozenset(
        ".".join(filter(None, ("transform", group, word))) for group, words in UPSTREAM_GROUPS.items() for word in words.split()
    )


def explain(name: str) -> str:
    """Why there is no op of that name here."""
    if name in upstream_names():
        return f'"{name}" is legal upstream, not supported here'
    known = sorted(other.removeprefix("transform.") for other in upstream_names())
    close = difflib.get_close_matches(name.removeprefix("transform."), known, 3)
    return f'no op "{name}"' + (f", did you mean {' or '.join(f'transform.{other}' for other in close)}?" if close else "")
