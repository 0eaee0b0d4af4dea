"""Ways to damage a text: bytes, tokens, and what a parser or a verifier may not expect of a number, a name or a depth.

A mutation is `(rng, text, donor) -> bytes or str`; `donor` is another text, from which pieces are taken. All are listed in BYTES
and TOKENS; `damage` draws some of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

Mutation = Callable[[Random, str, str], str]
ByteMutation = Callable[[Random, bytes, bytes], bytes]

_TOKEN = re.compile(
    r'//[^\n]*|"(?:[^"\\\n]|\\.)*"|[%@#!^][\w$.\-]*|0x[0-9a-fA-F]+|\d+(?:\.\d*(?:[eE][+-]?\d+)?)?|[A-Za-z_][\w$.]*|->|\s+|.'
)
_KINDS = {
    "number": re.compile(r"(?<![\w.%@#!])-?\d+(?:\.\d*(?:[eE][+-]?\d+)?)?"),
    "extent": re.compile(r"\d+(?=x(?:\d|f|i|b|u|s|v))"),
    "type": re.compile(r"(?:tensor|vector|memref)<[^<>]*(?:<[^<>]*>)?[^<>]*>|\b(?:index|[us]?i\d+|bf16|f(?:16|32|64))\b"),
    "element": re.compile(r"(?:(?<=x)|(?<=<)|\b)(?:index|[us]?i\d+|bf16|f(?:16|32|64))\b"),
    "op": re.compile(r"\b(?:nd|arith|math|linalg|tensor|scf|memref|affine|vector|gpu|func|builtin)\.[a-z_]+(?:\.[a-z_]+)*"),
    "ssa": re.compile(r"%[\w$.\-]+"),
    "symbol": re.compile(r"@[\w$.\-]+"),
    "string": re.compile(r'"[^"\n]*"'),
    "attribute": re.compile(r"\b[a-z_]+(?= = )"),
    "map": re.compile(r"affine_map<[^<>]*->[^<>]*>"),
    "keyword": re.compile(
        r"\b(?:ins|outs|iter_args|to|step|in|attributes|axes|by|low|high|shared_outs|else|of|kernel|private)\b"
    ),
}
_NUMBERS = (
    *("0", "-1", "1", "2", "3", "7", "1000000007", "4294967296", "-2147483649", "9223372036854775807", "9223372036854775808"),
    *("-9223372036854775808", "18446744073709551616", "1e400", "-0.0", "1.5", "0x", "0xFFFFFFFFFFFFFFFFFF", "1" * 5000),
)
_TYPES = (
    *("i0", "i1", "i7", "i128", "i16777216", "ui8", "si64", "f16", "bf16", "f8E4M3FN", "f80", "f128", "tf32", "index", "none"),
    *("tensor<f32>", "tensor<*xf32>", "tensor<?x4xf32>", "tensor<0xf32>", "tensor<9223372036854775807xf32>"),
    *("tensor<4x4x4x4x4x4xf32>", "vector<[4]xf32>", "vector<f32>", "vector<0xf32>", "memref<4xf32, 3>", "memref<*xf32>"),
    *("memref<4xf32, strided<[2], offset: 3>>", "memref<4x4xf32, affine_map<(d0, d1) -> (d1, d0)>>", "complex<f32>"),
    *("memref<4xf32, #gpu.address_space<workgroup>>", "tuple<i32, f32>", "!gpu.async.token", "() -> ()", "(f32) -> (f32, f32)"),
)
_MAPS = (
    *(
        "affine_map<() -> ()>",
        "affine_map<(d0) -> (d0 floordiv 0)>",
        "affine_map<(d0) -> (d0 mod 0)>",
        "affine_map<(d0, d1) -> (d1)>",
    ),
    *("affine_map<(d0)[s0] -> (d0 * s0)>", "affine_map<(d0) -> (d0, d0)>", "affine_map<(d0) -> (-d0 ceildiv -3)>"),
    *("affine_map<(d0) -> (d0 * 9223372036854775807)>", "affine_map<(d0, d0) -> (d0)>"),
)


def _replace_one(kind: str, *others: str) -> Mutation:
    """Exchange one piece of a kind for another of the same text, of the donor, or one of `others`."""

    def mutate(rng: Random, text: str, donor: str) -> str:
        found = list(_KINDS[kind].finditer(text))
        if not found:
            return text
        at = rng.choice(found)
        pool = [*others, *others] if others and rng.random() < 0.6 else _KINDS[kind].findall(rng.choice((text, donor)))
        return text[: at.start()] + rng.choice(pool or [""]) + text[at.end() :]

    return mutate


def _replace_all(kind: str, *others: str) -> Mutation:
    """Exchange a piece wherever it stands: types go on agreeing, so that the damage gets past the parser."""

    def mutate(rng: Random, text: str, donor: str) -> str:
        pieces = sorted(set(_KINDS[kind].findall(text)))
        if not pieces:
            return text
        old, new = rng.choice(pieces), rng.choice(others or sorted(set(_KINDS[kind].findall(donor))) or [""])
        return _KINDS[kind].sub(lambda found: new if found.group() == old else found.group(), text)

    return mutate


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def _solid(tokens: list[str]) -> list[int]:
    return [number for number, token in enumerate(tokens) if not token.isspace() and not token.startswith("//")] or [0]


def _swap_tokens(rng: Random, text: str, donor: str) -> str:
    tokens = _tokens(text) or [""]
    a, b = rng.choice(_solid(tokens)), rng.choice(_solid(tokens))
    tokens[a], tokens[b] = tokens[b], tokens[a]
    return "".join(tokens)


def _delete_token(rng: Random, text: str, donor: str) -> str:
    tokens = _tokens(text) or [""]
    tokens[rng.choice(_solid(tokens))] = ""
    return "".join(tokens)


def _double_token(rng: Random, text: str, donor: str) -> str:
    tokens = _tokens(text) or [""]
    tokens[at] = f"{tokens[at]} {tokens[at]}" if (at := rng.choice(_solid(tokens))) >= 0 else ""
    return "".join(tokens)


def _other_token(rng: Random, text: str, donor: str) -> str:
    tokens, others = _tokens(text) or [""], _tokens(donor) or [""]
    tokens[rng.choice(_solid(tokens))] = others[rng.choice(_solid(others))]
    return "".join(tokens)


def _drop_lines(rng: Random, text: str, donor: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = rng.randrange(len(lines))
    del lines[at : at + rng.choice((1, 1, 1, 2, 5))]
    return "".join(lines)


def _double_line(rng: Random, text: str, donor: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    return "".join(lines)


def _swap_lines(rng: Random, text: str, donor: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return "".join(lines)


def _splice(rng: Random, text: str, donor: str) -> str:
    """The first lines of one, the last of the other."""
    mine, others = text.splitlines(keepends=True) or [""], donor.splitlines(keepends=True) or [""]
    return "".join([*mine[: rng.randrange(len(mine) + 1)], *others[rng.randrange(len(others)) :]])


def _insert_lines(rng: Random, text: str, donor: str) -> str:
    mine, others = text.splitlines(keepends=True) or [""], donor.splitlines(keepends=True) or [""]
    at, start = rng.randrange(len(mine) + 1), rng.randrange(len(others))
    return "".join([*mine[:at], *others[start : start + rng.randint(1, 4)], *mine[at:]])


_DEEP = (
    *(
        ("(", ")"),
        ("[", "]"),
        ("<", ">"),
        ("{", "}"),
        ("tensor<1x", "f32>"),
        ("tuple<", ">"),
        ("module {\n", "}\n"),
        ("loc(", ")"),
    ),
    *(("{a = ", "}"), ("array<i64: ", ">"), ("affine_map<(d0) -> ((", "))>"), ("-", ""), ("() -> (", ")"), ("dense<[", "]>")),
    *(("1 + ", ""), ('"builtin.module"() ({', "}) : () -> ()")),
)


def _nest(rng: Random, text: str, donor: str) -> str:
    """Many opening pieces, and as many closing ones or none, before a token or around it."""
    tokens = _tokens(text) or [""]
    at, (opens, closes) = rng.choice(_solid(tokens)), rng.choice(_DEEP)
    depth = rng.choice((2, 30, 300, 3000, 30000))
    tokens[at] = opens * depth + tokens[at] + closes * (depth if rng.random() < 0.7 else 0)
    return "".join(tokens)


def _long(rng: Random, text: str, donor: str) -> str:
    """One token repeated until it is a very long name, number, string or list."""
    tokens = _tokens(text) or [""]
    at = rng.choice(_solid(tokens))
    times = rng.choice((50, 5000, 100000))
    tokens[at] = rng.choice(("", " ", ", ", "x")).join([tokens[at]] * min(times, 400000 // max(1, len(tokens[at]))))
    return "".join(tokens)


TOKENS: dict[str, Mutation] = {
    "swap tokens": _swap_tokens,
    "delete token": _delete_token,
    "double token": _double_token,
    "token of another file": _other_token,
    "drop lines": _drop_lines,
    "double line": _double_line,
    "swap lines": _swap_lines,
    "splice": _splice,
    "lines of another file": _insert_lines,
    "number": _replace_one("number", *_NUMBERS),
    "extent": _replace_one("extent", "0", "1", "2", "5", "?", "-1", "9223372036854775807", "1000000007", "65536", "[4]", "*"),
    "type": _replace_one("type", *_TYPES),
    "op": _replace_one("op", "scf.while", "cf.br", "affine.for", "func.func", "builtin.module", "gpu.barrier"),
    "value": _replace_one("ssa", "%0", "%zz", "%", "%0#1", "%arg0#-1"),
    "symbol": _replace_one("symbol", "@main", "@nothing", '@"a b"', "@", '@"\\00"', "@kernels::@main"),
    "string": _replace_one("string", '""', '"sum"', '"\\"', '"\\00\\ff"', '"é"', '"abs"', '"pow"', '"idiv"'),
    "attribute": _replace_one("attribute", "kernel", "outs", "spine", "schedule", "sym_name", "function_type", "value", "a"),
    "map": _replace_one("map", *_MAPS),
    "keyword": _replace_one("keyword"),
    "extent everywhere": _replace_all("extent", "0", "1", "2", "5", "17", "?", "9223372036854775807", "65536", "[4]"),
    "number everywhere": _replace_all("number", "0", "1", "-1", "2", "3", "1000000007", "9223372036854775807"),
    "element everywhere": _replace_all("element", "f16", "f64", "bf16", "i1", "i8", "i32", "i64", "ui8", "i128", "f80"),
    "op everywhere": _replace_all("op"),
    "value everywhere": _replace_all("ssa"),
    "string everywhere": _replace_all("string"),
    "nest": _nest,
    "long": _long,
}  # fmt: skip
"""Name of each mutation of tokens."""


def _at(rng: Random, data: bytes) -> int:
    return rng.randrange(len(data) + 1)


def _flip(rng: Random, data: bytes, donor: bytes) -> bytes:
    at = _at(rng, data)
    return data[:at] + bytes(byte ^ (1 << rng.randrange(8)) for byte in data[at : at + 1]) + data[at + 1 :]


def _put(*pieces: bytes) -> ByteMutation:
    def mutate(rng: Random, data: bytes, donor: bytes) -> bytes:
        at = _at(rng, data)
        return data[:at] + rng.choice(pieces) + data[at + rng.choice((0, 0, 1)) :]

    return mutate


def _cut(rng: Random, data: bytes, donor: bytes) -> bytes:
    at = _at(rng, data)
    return data[:at] + data[at + rng.choice((1, 1, 2, 8, 64)) :]


def _copy(rng: Random, data: bytes, donor: bytes) -> bytes:
    at, start = _at(rng, data), _at(rng, data)
    return data[:at] + data[start : start + rng.choice((1, 4, 16, 200))] + data[at:]


def _truncate(rng: Random, data: bytes, donor: bytes) -> bytes:
    return data[: _at(rng, data)]


def _graft(rng: Random, data: bytes, donor: bytes) -> bytes:
    at, start, length = _at(rng, data), _at(rng, donor), rng.choice((1, 4, 16, 100))
    return data[:at] + donor[start : start + length] + data[at + rng.choice((0, length)) :]


BYTES: dict[str, ByteMutation] = {
    "flip": _flip,
    "cut": _cut,
    "copy": _copy,
    "truncate": _truncate,
    "graft": _graft,
    "not UTF-8": _put(b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\xfe\xff"),
    "NUL": _put(b"\0", b"\0" * 100),
    "control": _put(b"\r", b"\x1a", b"\x0c", b"\x1b[31m", "\u2028".encode(), "\u202e".encode(), b"\x85", "\x85".encode()),
    "other letters": _put(*(letter.encode() for letter in ("\xe9", "\u0661", "\xb2", "\U0001d7cf", "\u210c", "\xa0"))),
    "quote": _put(b'"', b"'", b"\\", b"/*", b"//", b"\n", b"`"),
    "bracket": _put(*(bytes([byte]) for byte in b"(){}[]<>,:;=*?!#%@^-+$|")),
}
"""Name of each mutation of bytes."""


def damage(rng: Random, text: str, donor: str) -> tuple[bytes, list[str]]:
    """The text with one to eight mutations, and their names. Mostly one: more of them, and all dies in the lexer."""
    data, names = text.encode(), list[str]()
    for _ in range(rng.choice((1, 1, 1, 1, 2, 2, 3, 8))):
        if rng.random() < 0.3:
            name = rng.choice(list(BYTES))
            data = BYTES[name](rng, data, donor.encode())
        else:
            name = rng.choice(list(TOKENS))
            data = TOKENS[name](rng, data.decode("utf-8", "surrogateescape"), donor).encode("utf-8", "surrogateescape")
        names.append(name)
    return data, names
