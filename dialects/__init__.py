"""What each rung can say: `nd`, the overlays of upstream MLIR in `upstream`, the rungs' contracts."""
