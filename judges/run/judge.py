"""Run the program before and after each pass, and name the first pass after which it answers differently.

What is run     every public function of the module; where there is none, every private one with a body
On what         the rounds of `inputs`, the same for the same seed
In which order  parallel iterations, blocks and threads forward in the first round, shuffled in the others
What counts     `policy`, with what the program leaves open (`freedom`) and what the pass declares in its attribute `numerics`
What is left out, and said in `notes`
                a function that the evaluator has no rule for, or that would take more than `limit` steps (`work`); inputs to
                which the program gives no meaning before any pass: a division by zero in arith, an access out of bounds, a
                race. Where a round has none, positive numbers take its place; where these have none either, it is left out
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from xdsl.context import Context
from xdsl.dialects.builtin import MemRefType, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import VerifyException

from rung.backends.reference.evaluate import evaluate, outs_of
from rung.backends.reference.values import Array, EvaluationError, Unsupported
from rung.passes.runner import PassJudge, PassRunner

from .draw import Draw
from .freedom import GRANTS, STRICT
from .inputs import ROUNDS, make
from .policy import Difference, Leeway, compare
from .work import steps

LIMIT = 3_000_000
"""Steps of the evaluator, a microsecond or two each, that all rounds of one function may take after one pass."""

KINDS = tuple(kind for kind in ROUNDS if kind != "tame")


@dataclass
class Round:
    """One kind of input for one function, with the last answer known."""

    kind: str
    inputs: list[Array]
    answer: list[Array]
    leeway: Leeway
    order: Literal["forward", "shuffled"]


@dataclass
class Entry:
    """A function that is run, and where its answers come from: `since` are the passes that nobody could judge."""

    name: str
    rounds: list[Round] = field(default_factory=list[Round])
    module: ModuleOp | None = None
    since: list[str] = field(default_factory=list[str])


def flags_of(name: str, seed: int, limit: float) -> str:
    """How rung-opt is asked for a judge with these settings."""
    return f"--judge {name} --judge-seed {seed}" + ("" if limit == LIMIT else f" --judge-limit {limit:g}")


@dataclass
class RunJudge(PassJudge):
    """The judge for PassRunner. `notes` says what was not judged, `judged` counts the comparisons made."""

    seed: int = 0
    limit: float = LIMIT
    notes: list[str] = field(default_factory=list[str], init=False)
    judged: int = field(default=0, init=False)
    entries: list[Entry] = field(default_factory=list[Entry], init=False)
    _text: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.flags = flags_of("run", self.seed, self.limit)

    def begin(self, module: ModuleOp) -> None:
        self.entries = []
        self._text = str(module)
        kept = module.clone()
        names = functions(module)
        if not names:
            self._note("there is no function with a body to run")
        for name in names:
            entry = Entry(name)
            if self._fill(entry, kept):
                self.entries.append(entry)

    def after(self, pass_: ModulePass, module: ModuleOp) -> None:
        text = str(module)
        if text == self._text:
            return
        self._text = text
        kept = module.clone()
        for entry in self.entries:
            self._compare(entry, pass_, kept)

    def _fill(self, entry: Entry, module: ModuleOp) -> bool:
        """Make the inputs of a function and its answers; False where it cannot be judged at all, which is noted."""
        cost = steps(module, entry.name)
        if cost > self.limit:
            return self._note(f"@{entry.name} takes about {cost:.1e} steps, the limit is {self.limit:.1e} (--judge-limit)")
        kinds = KINDS[: max(1, int(self.limit // max(cost, 1)))]
        if len(kinds) < len(KINDS):
            self._note(f"@{entry.name} takes about {cost:.1e} steps, so its inputs are {', '.join(kinds)} only (--judge-limit)")
        parameters = parameters_of(module, entry.name)
        left_out: dict[str, str] = {}
        for kind in kinds:
            order = "forward" if kind == "plain" else "shuffled"
            for attempt in dict.fromkeys((kind, "tame")):
                try:
                    inputs = make(parameters, attempt, self.seed)
                    answer = run(module, entry.name, inputs, order, self.seed)
                except Unsupported as problem:
                    return self._note(f"@{entry.name} cannot be run: {problem}")
                except EvaluationError as problem:
                    left_out[kind] = str(problem)
                    continue
                if all(attempt != other.kind for other in entry.rounds):
                    entry.rounds.append(Round(attempt, inputs, answer, Leeway(answer), order))
                break
        if left_out:
            self._note(f"@{entry.name} has no meaning for the inputs {', '.join(left_out)}: {next(iter(left_out.values()))}")
        entry.module = module
        return bool(entry.rounds)

    def _compare(self, entry: Entry, pass_: ModulePass, module: ModuleOp) -> None:
        if entry.name not in functions(module, private=True):
            raise VerifyException(f"run: @{entry.name} is gone")
        wanted, found = parameters_of(entry.module or module, entry.name), parameters_of(module, entry.name)
        if len(wanted) != len(found):
            raise VerifyException(f"run: @{entry.name} has {len(found)} parameters that are no results, expected {len(wanted)}")
        cost = steps(module, entry.name)
        rounds = entry.rounds[: int(self.limit // max(cost, 1))]
        if not rounds:
            self._skip(entry, pass_, f"it takes about {cost:.1e} steps, the limit is {self.limit:.1e} (--judge-limit)")
            return
        if len(rounds) < len(entry.rounds):
            kinds = ", ".join(each.kind for each in rounds)
            self._note(f"after {pass_.name}, @{entry.name} takes about {cost:.1e} steps: its inputs are {kinds} from here on")
        answers: list[list[Array]] = []
        for each in rounds:
            try:
                answers.append(run(module, entry.name, each.inputs, each.order, self.seed))
            except Unsupported as problem:
                self._skip(entry, pass_, str(problem))
                return
            except EvaluationError as problem:
                raise VerifyException(f"run: @{entry.name} no longer runs: {problem}; {self._on(entry, each)}") from None
            self._judge_round(entry, each, answers[-1], pass_)
        entry.rounds = rounds
        for each, answer in zip(rounds, answers):
            each.answer = each.leeway.expected = answer
        entry.module, entry.since = module, []

    def _judge_round(self, entry: Entry, each: Round, answer: list[Array], pass_: ModulePass) -> None:
        self.judged += 1
        granted = numerics(pass_)
        leeway = Leeway(each.answer) if granted else each.leeway  # what one pass takes, the next does not get
        wrong = compare(each.answer, answer, leeway, self._runs(entry, each, granted))
        if wrong is None:
            return
        told = f"run: @{entry.name} {wrong}" if isinstance(wrong, str) else f"run: @{entry.name} {wrong}{_there(wrong, each)}"
        told += f"; {self._on(entry, each)}"
        if isinstance(wrong, Difference):
            told += self._advice(entry, each, answer, wrong, granted)
        raise VerifyException(told)

    def _runs(self, entry: Entry, each: Round, granted: frozenset[str]) -> Any:
        def again(number: int, size: float) -> Sequence[Array] | None:
            draw = Draw(self.seed + 1000 * number, granted, size)
            assert entry.module is not None
            try:
                results = run(entry.module, entry.name, each.inputs, each.order, self.seed, draw.rules)
            except EvaluationError:  # an open value became an address or a divisor: no answer, so nothing is learnt
                return each.answer
            return results if draw.happened else None

        return again

    def _advice(self, entry: Entry, each: Round, answer: list[Array], wrong: Difference, granted: frozenset[str]) -> str:
        """What the pass could declare, where that would explain the difference."""
        for grant, meaning in GRANTS.items() if wrong.small else ():
            if grant in granted:
                continue
            more = granted | {grant}
            if compare(each.answer, answer, Leeway(each.answer), self._runs(entry, each, more), runs=6) is None:
                declared = ", ".join(f'"{word}"' for word in sorted(more))
                return f"\n  if the pass means to, {meaning}: say so in its class, numerics = ({declared},)"
        return ""

    def _on(self, entry: Entry, each: Round) -> str:
        since = f" since {', '.join(entry.since)}, which nobody could judge" if entry.since else ""
        return f"input {each.kind}, seed {self.seed}{since}"

    def _skip(self, entry: Entry, pass_: ModulePass, why: str) -> None:
        if not entry.since:
            self._note(f"@{entry.name} is not judged after {pass_.name}: {why}")
        entry.since.append(pass_.name)

    def _note(self, text: str) -> bool:
        self.notes.append(f"judge run: {text}")
        return False

    def summary(self) -> str:
        """One line on what was done."""
        names = ", ".join(f"@{entry.name}" for entry in self.entries) or "no function"
        return f"judge run: {names} compared {self.judged} times, seed {self.seed}"


def functions(module: ModuleOp, *, private: bool = False) -> list[str]:
    """The functions to run: the public ones with a body; where there are none, or with `private`, all with a body."""
    bodies = [op for op in module.ops if isinstance(op, FuncOp) and not op.is_declaration]
    public = [op for op in bodies if op.sym_visibility is None or op.sym_visibility.data == "public"]
    return [op.sym_name.data for op in (bodies if private or not public else public)]


def parameters_of(module: ModuleOp, name: str) -> list[Attribute]:
    """The types of the parameters that are inputs."""
    (func,) = (op for op in module.ops if isinstance(op, FuncOp) and op.sym_name.data == name)
    types = list(func.function_type.inputs)
    return types[: len(types) - outs_of(func)]


def run(
    module: ModuleOp, name: str, inputs: Sequence[Array], order: Literal["forward", "shuffled"], seed: int, rules: Any = STRICT
) -> list[Array]:
    """The results of a function, and after them what it left in memory that it was given to write to. Raises EvaluationError."""
    func = next(op for op in module.ops if isinstance(op, FuncOp) and op.sym_name.data == name)
    given = [array.copy() for array in inputs]
    results = evaluate(module, name, given, thread_order=order, seed=seed, rules=rules)
    if outs_of(func):
        return results
    written = [array for array, type_ in zip(given, func.function_type.inputs) if isinstance(type_, MemRefType)]
    return [*results, *written]


def numerics(pass_: ModulePass) -> frozenset[str]:
    """What a pass declares. Raises VerifyException for a word that is none of GRANTS."""
    declared = frozenset(getattr(pass_, "numerics", ()))
    if unknown := declared - GRANTS.keys():
        raise VerifyException(f"run: numerics is {', '.join(sorted(unknown))}, expected words of {', '.join(GRANTS)}")
    return declared


def _there(wrong: Difference, each: Round) -> str:
    """What the inputs are at the same index, where they have the shape of the result."""
    shape = each.answer[wrong.result].shape
    same = [(at, array[wrong.index]) for at, array in enumerate(each.inputs) if array.shape == shape]
    return f", where argument {', '.join(f'{at} is {value}' for at, value in same)}" if same else ""


@dataclass(frozen=True)
class Verdict:
    """What came of the passes, and what was judged on the way."""

    module: ModuleOp
    judged: int
    notes: tuple[str, ...]


def judge_passes(
    module: ModuleOp, passes: Sequence[ModulePass], *, seed: int = 0, limit: float = LIMIT, ctx: Context | None = None
) -> Verdict:
    """Run `passes` on a clone of `module`, each judged by running the program before and after it.

    Raises PassFailure naming the first pass that changed an answer: result, element, found and expected, and on which input.
    """
    from rung.dialects.upstream import make_context

    judge, clone = RunJudge(seed, limit), module.clone()
    PassRunner(judges=[judge], crash_dir=None).run(ctx or make_context(), clone, passes)
    return Verdict(clone, judge.judged, tuple(judge.notes))


__all__ = ["LIMIT", "RunJudge", "Verdict", "functions", "judge_passes", "numerics", "parameters_of", "run"]
