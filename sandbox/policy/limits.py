"""Caps on a source before and right after parsing, so that nothing downstream sees a monster.

Measured without caps: 1 MB of `x=1` lines took 12.5 s and 630 MB in the transformer; 5,000 unary
minus signs overflow the parser. The walk is iterative: it must survive what it is there to refuse.
"""

from __future__ import annotations

import ast
import warnings

from sandbox.policy.report import Report
from sandbox.policy.walk import children

MAX_SOURCE_BYTES = 64 * 1024
MAX_NODES = 20_000
MAX_DEPTH = 60
MAX_INT_BITS = 256
MAX_TEXT = 16 * 1024
MAX_EXPANDED = 100_000
MAX_SWAPS = 100_000


def admit(source: str, report: Report) -> bool:
    """Whether the text may be given to the parser at all."""
    if len(source) > MAX_SOURCE_BYTES:
        report.at_top("CHK101", f"the source is larger than {MAX_SOURCE_BYTES // 1024} KiB")
        return False
    try:
        size = len(source.encode("utf-8"))
    except UnicodeEncodeError:
        report.at_top("CHK103", "the source is not valid UTF-8")
        return False
    if size > MAX_SOURCE_BYTES:
        report.at_top("CHK101", f"the source is larger than {MAX_SOURCE_BYTES // 1024} KiB")
        return False
    if "\0" in source:
        report.at_top("CHK102", "the source has a NUL character")
        return False
    return True


def parse(source: str, report: Report) -> ast.Module | None:
    """The tree of an admitted source, or None with a finding."""
    try:
        with warnings.catch_warnings():
            # A SyntaxWarning is the linter's business; here it would only reach a closed stderr.
            warnings.simplefilter("ignore")
            return ast.parse(source, "<reconciler>", "exec")
    except SyntaxError as error:
        report.at_syntax_error(error)
    except (RecursionError, MemoryError):
        report.at_top("CHK105", "the source nests too deeply")
    except ValueError as error:
        report.at_top("CHK100", f"syntax error: {str(error)[:200]}")
    return None


def measure(tree: ast.Module, report: Report) -> bool:
    """Whether the tree is within the caps on nodes, depth and literals."""
    nodes, finals, swaps = 0, False, 0
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        nodes += 1
        if nodes > MAX_NODES:
            report.at_top("CHK104", f"the source has more than {MAX_NODES} syntax nodes")
            return False
        if depth > MAX_DEPTH:
            report.at_node(node, "CHK105", f"the source nests more than {MAX_DEPTH} levels deep")
            return False
        kind = type(node)
        if kind is ast.Constant:
            _literal(node, report)  # type: ignore[arg-type]
        elif kind is not ast.Name:
            if kind is ast.MatchOr:
                swaps += _swaps(node)  # type: ignore[arg-type]
            finals = finals or (kind is ast.Try and bool(node.finalbody))  # type: ignore[attr-defined]
            depth += 1
            stack.extend([(child, depth) for child in children(node)])
    if finals and report.empty and _expanded(tree)[0] > MAX_EXPANDED:
        report.at_top("CHK107", "try ... finally multiplies the code too often", "use fewer exits, or a function")
    if swaps > MAX_SWAPS:
        report.at_top("CHK107", "a pattern with | binds too many names", "use several cases, or bind fewer names")
    return report.empty


def _swaps(node: ast.MatchOr) -> int:
    """How much code the compiler may emit to bring the names of the alternatives into one order.

    For each alternative but the first it is cubic in the names: 300 of them in 2,857 bytes of source took 359 MB.
    """
    names = sum(isinstance(one, (ast.MatchAs, ast.MatchStar, ast.MatchMapping)) for one in ast.walk(node.patterns[0]))
    return (len(node.patterns) - 1) * names**3


def _expanded(node: ast.AST) -> tuple[int, int]:
    """How many nodes the compiler will emit for a node, and how many of them leave it.

    It copies a `finally` for every way out of its `try`, and so again for what is nested in it: fourteen
    levels with a `return` each, 400 bytes of source, took 85 s and 9 GB.
    """
    finals = node.finalbody if isinstance(node, ast.Try) else []
    apart = {id(child) for child in finals}
    size, exits = 1, int(isinstance(node, (ast.Return, ast.Break, ast.Continue)))
    for child in children(node):
        if id(child) not in apart:
            child_size, child_exits = _expanded(child)
            size, exits = size + child_size, exits + child_exits
    copies = exits + 2
    for child in finals:
        child_size, child_exits = _expanded(child)
        size, exits = size + copies * child_size, exits + copies * child_exits
    inner = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef))
    return size, 0 if inner else exits


def _literal(node: ast.Constant, report: Report) -> None:
    value = node.value
    if isinstance(value, int) and value.bit_length() > MAX_INT_BITS:
        report.at_node(node, "CHK106", f"a number literal has more than {MAX_INT_BITS} bits")
    elif isinstance(value, (str, bytes)) and len(value) > MAX_TEXT:
        report.at_node(node, "CHK106", f"a text literal is longer than {MAX_TEXT // 1024} KiB")
