"""`a | b ? c : d` made clang warn of precedence: a select on an `or` of two comparisons, lanes wide (argmin does that)."""

from rung.compile import compile_module
from rung.dialects.upstream import parse


def test_select_on_two_comparisons_compiles_without_a_warning(pocl):
    program = compile_module(
        parse("""
func.func @main(%x: tensor<64xf32>, %y: tensor<64xf32>) -> tensor<64xf32> {
  %a = nd.binary "cmpeq" %x, %y : tensor<64xf32> -> tensor<64xi1>
  %b = nd.binary "cmpne" %x, %x : tensor<64xf32> -> tensor<64xi1>
  %c = nd.binary "or" %a, %b : tensor<64xi1> -> tensor<64xi1>
  %z = nd.select %c, %x, %y : tensor<64xi1>, tensor<64xf32>
  return %z : tensor<64xf32>
}"""),
        cache=False,
    )
    built = program.executable
    assert " ? " in program.source
    assert built.program.get_build_info(built.runtime.device, built.runtime.cl.program_build_info.LOG).strip() == ""
