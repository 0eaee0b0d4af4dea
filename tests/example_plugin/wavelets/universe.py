"""What the package adds. Imports stay inside the functions: every driver loads this file when it starts."""

from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.universe import Universe


def _dialect() -> Dialect:
    from wavelets.dialect import Wavelets

    return Wavelets


def _to_nd() -> type[ModulePass]:
    from wavelets.to_nd import WaveletsToNdPass

    return WaveletsToNdPass


WAVELETS = Universe(all_dialects={"wavelets": _dialect}, all_passes={"wavelets-to-nd": _to_nd})
