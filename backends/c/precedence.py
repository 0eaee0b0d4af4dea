"""How tightly C's operators bind, and where parentheses are needed.

Arithmetic gets the fewest parentheses that keep its meaning. Shifts, masks and logic get one pair more than C asks for, because
compilers warn about `a & b | c` and readers stumble over it.
"""

from __future__ import annotations

PRIMARY, UNARY, MULTIPLICATIVE, ADDITIVE, SHIFT, RELATIONAL, EQUALITY = 16, 15, 14, 13, 12, 11, 10
BIT_AND, BIT_XOR, BIT_OR, AND, OR, CONDITIONAL = 9, 8, 7, 6, 5, 4

OPERATORS = {
    **dict.fromkeys(("*", "/", "%"), MULTIPLICATIVE),
    **dict.fromkeys(("+", "-"), ADDITIVE),
    **dict.fromkeys(("<<", ">>"), SHIFT),
    **dict.fromkeys(("<", "<=", ">", ">="), RELATIONAL),
    **dict.fromkeys(("==", "!="), EQUALITY),
    "&": BIT_AND,
    "^": BIT_XOR,
    "|": BIT_OR,
    "&&": AND,
    "||": OR,
}

ASSOCIATIVE = ("&", "|", "^", "&&", "||")
"""May be chained on the left without parentheses, whatever they mix with."""


def parenthesised(text: str, precedence: int, least: int) -> str:
    """The text of an operand, in parentheses if it binds less tightly than `least`."""
    return text if precedence >= least else f"({text})"


def operand(operator: str, text: str, precedence: int, of: str | None, right: bool) -> str:
    """One operand of a binary operator. `of` is the operand's own operator, if it has one."""
    mine = OPERATORS[operator]
    if mine >= ADDITIVE:
        # a - (b + c) and a / (b * c) keep theirs; a sum of floats must too, since it is not associative
        return parenthesised(text, precedence, mine + 1 if right else mine)
    if operator in ASSOCIATIVE and of == operator and not right:
        return text
    if operator in ("&&", "||"):
        return parenthesised(text, precedence, EQUALITY)
    if mine in (RELATIONAL, EQUALITY):
        if text.startswith("!") and precedence == UNARY and not right:
            return f"({text})"  # clang takes `!a == b` for a slip
        return parenthesised(text, precedence, ADDITIVE)
    return parenthesised(text, precedence, UNARY)
