"""One folder a target: spell, compile, launch; and the reference evaluator."""
