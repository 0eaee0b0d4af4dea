"""What a user writes: `Tensor`, whose arithmetic builds `nd` ops directly."""
