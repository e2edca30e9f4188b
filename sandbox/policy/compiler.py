"""From a source to findings or to a code object, by one and the same path.

The editor, the save gate, the activation and the worker all come through `_judge`, so what one accepts
another cannot refuse. Whatever goes wrong in here that is not a finding is a refusal too.
"""

from __future__ import annotations

import ast
import re
import tokenize
import warnings
from dataclasses import dataclass
from io import StringIO
from types import CodeType

from sandbox.policy import limits
from sandbox.policy.builtins import KNOWN_NAMES, NAME_HINTS
from sandbox.policy.report import Report
from sandbox.policy.scope import names_of
from sandbox.policy.transformer import PolicyTransformer
from sandbox.wire.messages import Finding

FILENAME = "<reconciler>"  # constant: the interpreter opens a file of this name to quote an error's line
_SILENCER = re.compile(r"#\s*(type:\s*ignore|mypy:|pyright:)")


class PolicyRejected(Exception):
    """The policy does not accept the source; terminal for this source."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(f"the policy refuses the source: {len(findings)} findings")
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a worker keeps of a source. `finalize`: the code defines it at its top level."""

    code: CodeType
    finalize: bool


def check(source: str) -> list[Finding]:
    """The findings of a source, in reading order; none means that `compile_source` accepts it."""
    result = _judge_safely(source)
    return result if isinstance(result, list) else []


def compile_source(source: str) -> Compiled:
    """The code object of an accepted source; raises `PolicyRejected` with the findings of any other."""
    result = _judge_safely(source)
    if isinstance(result, list):
        raise PolicyRejected(result)
    return result


def _judge_safely(source: str) -> list[Finding] | Compiled:
    try:
        return _judge(source)
    except (RecursionError, MemoryError):
        return [Finding("CHK105", "the source nests too deeply", 1, 1, 1, 1)]
    except Exception as error:
        # A defect of the checker must not let anything pass.
        return [Finding("CHK199", f"the checker failed on this source ({type(error).__name__})", 1, 1, 1, 1)]


def _judge(source: str) -> list[Finding] | Compiled:
    report = Report(source)
    if not limits.admit(source, report):
        return report.findings()
    tree = limits.parse(source, report)
    if tree is None or not limits.measure(tree, report):
        return report.findings()
    _silencers(source, report)
    names = names_of(tree, KNOWN_NAMES)
    for name in names.unknown:
        report.at_node(name, "CHK110", f'unknown name "{name.id}"', NAME_HINTS.get(name.id, ""))
    finalize = _entry_points(tree, report)
    PolicyTransformer(report, names.modules).visit(tree)
    if report.empty:
        code = _compile(tree, report)
        if code is not None:
            return Compiled(code, finalize)
    return report.findings()


def _compile(tree: ast.Module, report: Report) -> CodeType | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compile(tree, FILENAME, "exec", dont_inherit=True, optimize=0)
    except SyntaxError as error:
        # What only the compiler sees: `return` outside a function, `nonlocal` without a binding.
        report.at_syntax_error(error, in_bytes=True)
    return None


def _entry_points(tree: ast.Module, report: Report) -> bool:
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if "reconcile" not in defined:
        report.at_top("CHK150", "the source defines no reconcile", "write: def reconcile(obj, ctx): ...")
    for name in ("reconcile", "finalize"):
        node = defined.get(name)
        if node is not None and not _takes_two(node.args):
            report.at_head(node, "CHK151", f"{name} must take two arguments", f"write: def {name}(obj, ctx):")
    return "finalize" in defined


def _takes_two(args: ast.arguments) -> bool:
    positional = len(args.posonlyargs) + len(args.args)
    required = positional - len(args.defaults)
    if any(default is None for default in args.kw_defaults) or required > 2:
        return False
    return positional >= 2 or args.vararg is not None


def _silencers(source: str, report: Report) -> None:
    """Comments that switch a type checker off would hide from one tool of the gate what another sees."""
    if not _SILENCER.search(source):
        return
    for token in tokenize.generate_tokens(StringIO(source).readline):
        if token.type == tokenize.COMMENT and _SILENCER.match(token.string):
            (line, start), (end_line, end) = token.start, token.end
            report.at_chars(
                (line, start), (end_line, end), "CHK160", "a comment that silences a checker is not available"
            )
