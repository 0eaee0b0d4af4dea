"""`--judge upstream`: mlir-opt-22 reads what each pass left, and mlir-runner-22 must compute from it what our evaluator does.

Two readings of one text: where they differ, either the module does not say what the evaluator takes it to say, or it leaves
something to chance. Which of both is wrong is for a person to find out; the pass after which they first differ is named.

What is run  every function that `judge` runs, on its inputs, as far as upstream can (`independent`); what it cannot is in `notes`
Leeway       that of a pass that "approximates", because libm is not NumPy; with bf16 also of one that "flushes", because the
             processor's own conversion to bf16 does
"""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import VerifyException

from rung.backends.reference.values import Array, EvaluationError
from rung.judges.upstream import upstream_judge
from rung.passes.runner import Judge, PassJudge

from .draw import Draw
from .independent import NotRun, execute, tools
from .inputs import make
from .judge import LIMIT, flags_of, functions, parameters_of, run
from .policy import Leeway, compare
from .work import steps

KINDS = ("plain", "sprinkled", "dense", "wide")


@dataclass
class UpstreamJudge(PassJudge):
    """The judge for PassRunner. Raises ToolAbsent where mlir-opt-22 or mlir-runner-22 is not there."""

    seed: int = 0
    limit: float = LIMIT
    notes: list[str] = field(default_factory=list[str], init=False)
    judged: int = field(default=0, init=False)
    read: Judge = field(init=False)
    _text: str = field(default="", init=False)
    _noted: set[str] = field(default_factory=set[str], init=False)

    def __post_init__(self) -> None:
        tools()
        self.read = upstream_judge()
        self.flags = flags_of("upstream", self.seed, self.limit)

    def begin(self, module: ModuleOp) -> None:
        self._text = ""
        self._judge(module, "at first")

    def after(self, pass_: ModulePass, module: ModuleOp) -> None:
        self._judge(module, f"after {pass_.name}")

    def _judge(self, module: ModuleOp, when: str) -> None:
        text = str(module)
        if text == self._text:
            return
        self._text = text
        self.read(module)
        for name in functions(module):
            try:
                self._run(module, name, text)
            except (NotRun, EvaluationError) as problem:
                if f"@{name} {problem}" not in self._noted:
                    self._noted.add(f"@{name} {problem}")
                    self.notes.append(f"judge upstream: {when} @{name} is read, not run: {problem}")

    def _run(self, module: ModuleOp, name: str, text: str) -> None:
        cost = steps(module, name)
        kinds = KINDS[: int(self.limit // max(cost, 1))]
        if not kinds:
            raise NotRun(f"it takes about {cost:.1e} steps, the limit is {self.limit:.1e} (--judge-limit)")
        parameters = parameters_of(module, name)
        rounds: list[tuple[str, list[Array], list[Array]]] = []
        problem = None
        for kind in kinds:
            try:
                inputs = make(parameters, kind, self.seed)
                rounds.append((kind, inputs, run(module, name, inputs, "forward", self.seed)))
            except EvaluationError as raised:  # no meaning: upstream might do anything, and would take the process with it
                problem = raised
        if not rounds:
            raise NotRun(str(problem))
        granted = frozenset(("approximates", "flushes") if "bf16" in text else ("approximates",))
        for (kind, inputs, expected), found in zip(rounds, execute(module, name, [inputs for _, inputs, _ in rounds])):

            def again(number: int, size: float, inputs: list[Array] = inputs) -> list[Array] | None:
                draw = Draw(self.seed + 1000 * number, granted, size)
                results = run(module, name, inputs, "forward", self.seed, draw.rules)
                return results if draw.happened else None

            self.judged += 1
            if (wrong := compare(expected, found, Leeway(expected), again)) is not None:
                told = str(wrong).replace("found", "mlir-runner found").replace("expected", "the evaluator")
                raise VerifyException(f"upstream: @{name} {told}; input {kind}, seed {self.seed}")

    def summary(self) -> str:
        """One line on what was done."""
        return f"judge upstream: mlir-runner and the evaluator compared {self.judged} times, seed {self.seed}"
