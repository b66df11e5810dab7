"""What PromQL expressions name: series, their labels, and the labels of the result.

promtool says whether an expression is valid; here it is only taken apart.
"""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[0-9][0-9.a-zA-Z]*|[a-zA-Z_:][\w:]*'
                   r"|=~|!~|!=|[=<>]=?|\S")
LABEL_LISTS = ("by", "without", "on", "ignoring", "group_left", "group_right")
OPERATORS = ("and", "or", "unless", "bool", "offset", "atan2")


@dataclass
class Selector:
    """A series, as an expression selects it."""

    metric: str
    labels: set = field(default_factory=set)
    equal: dict = field(default_factory=dict)  # label -> the one value that it must have


@dataclass
class Expression:
    """An expression's selectors, and the labels it lists in `by (...)` and the like."""

    selectors: list
    listed: set


def read(text):
    """Takes an expression apart."""
    tokens = TOKEN.findall(text)
    found = Expression([], set())
    position = 0
    while position < len(tokens):
        word, after = tokens[position], tokens[position + 1:position + 2]
        if word in LABEL_LISTS and after == ["("]:
            end = tokens.index(")", position)
            found.listed |= {each for each in tokens[position + 2:end] if each != ","}
            position = end + 1
            continue
        position += 1
        is_name = re.match(r"[a-zA-Z_:]", word) and word not in OPERATORS
        if not is_name or after == ["("] or after and after[0] in LABEL_LISTS:
            continue
        selector = Selector(word)
        found.selectors.append(selector)
        if after == ["{"]:
            end = tokens.index("}", position)
            read_matchers(selector, tokens[position + 1:end])
            position = end + 1
    return found


def read_matchers(selector, tokens):
    """`label operator "value"`, separated by commas."""
    for start in range(0, len(tokens), 4):
        label, operator, value = tokens[start:start + 3]
        selector.labels.add(label)
        if operator == "=":
            selector.equal[label] = value[1:-1]
