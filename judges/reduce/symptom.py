"""What makes two complaints the same one: the words, without what a smaller program changes of them."""

from __future__ import annotations

import re

_PARTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"\s+", " "),
        (r"(?:[\w.-]*/)+[\w.-]+|[\w-]+\.mlir\b", "FILE"),  # the path of a candidate
        (r"(?::\d+){1,2}(?=[:\s]|$)", ""),  # line and column
        (r'"[^"]*"|`[^`]*`', "QUOTED"),  # a piece of the program
        (r"%[\w.$-]+(?::\d+)?(?:#\d+)?", "%"),
        (r"@[\w.$-]+(?:::@[\w.$-]+)*", "@"),
        (r"\b(?:tensor|memref|vector)<[^<>]*(?:<[^<>]*>[^<>]*)*>", "TYPE"),
        (r"\b(?:affine_map|dense|array|strided)<[^<>]*>", "ATTRIBUTE"),
        (r"\b(?:bf16|[su]?i\d+|f\d+|index|u?int\d+|b?float\d+|bool)\b", "TYPE"),
        (r"\bd\d+\b", "DIM"),
        (r"(?<![\w.])[+-]?(?:0x[0-9a-fA-F]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|inf\b|nan\b)", "N"),
        (r"\b(?:True|False)\b", "N"),
        (r"\(\s*(?:(?:N|TYPE)\s*,?\s*)*\)|\[\s*(?:(?:N|TYPE)\s*,?\s*)*\]", "LIST"),
        (r"TYPE\s*LIST", "TYPE"),
        (r"\b(?:N|TYPE)(?:\s*(?:,|x| and )\s*(?:N|TYPE)\b)+", "N"),
    )
)

_STATUS = re.compile(r"exit status \d+: ?|killed by \w+: ?")

_KIND = re.compile(r".*?(?:changes the answer|differs from the evaluator|is not total) \([\w ]+\)")


def symptom(complaint: str) -> str:
    """The first line of a complaint, without numbers, names, types and places. The exit status of a command stays."""
    text = next((line for line in complaint.strip().splitlines() if line.strip()), "").strip()
    status = _STATUS.match(text)
    head = status.group() if status is not None else ""
    text = text[len(head) :]
    if (kind := _KIND.match(text)) is not None:
        text = kind.group()  # what follows is an example
    for pattern, instead in _PARTS:
        text = pattern.sub(instead, text)
    return f"{head}{text.strip()}"[:200]


def slug(complaint: str, words: int = 8) -> str:
    """A name for a file: the first words of the symptom that say something."""
    said = re.sub(r"\b(?:FILE|QUOTED|TYPE|ATTRIBUTE|DIM|LIST|N|the|a|an|is|in|of|to)\b", " ", symptom(complaint))
    found = re.findall(r"[a-z0-9]+", said.lower())
    return "_".join(found[:words])[:60].strip("_") or "fails"
