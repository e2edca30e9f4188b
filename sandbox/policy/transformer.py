"""The one transformer: judges every node and rewrites what a guard must see at run time.

What is not rewritten, and why that is safe: iteration, unpacking, calls with stars and reading an
item dispatch by the *type* of the object and name no attribute, so a guard there could decide
nothing. Reading an attribute names one: it is either vetted (`FAST`: a name that is harmless on
everything an author can hold) or goes through `_getattr_`. Writing goes through `_write_`, which
hands the very object back or refuses. Imports never become import opcodes: `IMPORT_FROM` falls
back to `sys.modules`, which knows no facades.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping

from RestrictedPython.transformer import RestrictingNodeTransformer

from sandbox.policy import imports, patterns
from sandbox.policy.attributes import FAST
from sandbox.policy.classes import AUTHOR_MODULE
from sandbox.policy.grammar import DECISIONS, DENIED, DENIED_HINTS, HOOKS, NAMED_TUPLE, SPOKEN, Decision, is_private
from sandbox.policy.report import Report
from sandbox.policy.walk import EMPTY

# These can make something large out of something small, so they are bounded where it is cheap.
_GROWING = {ast.Mult: "*", ast.Pow: "**", ast.LShift: "<<"}
MAX_ANNOTATION = 500
PRIVATE_HINT = 'names that begin with "__", or with "_" and end with "_" too, are not yours'
_ATTRIBUTE_HINTS: Mapping[str, str] = {
    "__init__": "let __init__ call a method of another name, which a derived class can call or define too",
    "__name__": "isinstance() tells kinds apart; a class can have a name of its own: kind = ...",
}
_LEAVES = frozenset(kind for kind in EMPTY if DECISIONS.get(kind.__name__) is Decision.ALLOWED)


def call(hook: str, like: ast.AST, *args: ast.expr) -> ast.Call:
    """A call of one of our hooks, at the place of the node that it stands for."""
    node = ast.Call(func=ast.Name(hook, ast.Load()), args=list(args), keywords=[])
    ast.copy_location(node, like)
    return ast.fix_missing_locations(node)


def _is_static(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.UnaryOp):
        return _is_static(node.operand)
    if isinstance(node, ast.BinOp):
        return _is_static(node.left) and _is_static(node.right)
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(_is_static(item) for item in node.elts)
    # What this transformer made of a static operation is still one.
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_binop_"


def _is_total(keyword: ast.keyword) -> bool:
    # `class Spec(TypedDict, total=False)`; what it says is a checker's business, and it is said in so many words.
    return keyword.arg == "total" and isinstance(keyword.value, ast.Constant) and type(keyword.value.value) is bool


class PolicyTransformer(RestrictingNodeTransformer):  # type: ignore[misc]  # RestrictedPython has no stubs
    """Judges one module; findings go to the report, the rewritten tree is what may be compiled."""

    def __init__(self, report: Report, modules: Mapping[str, str]) -> None:
        super().__init__()
        self.report = report
        self._modules = modules
        self._kinds = ["module"]
        self._fields: list[list[ast.expr]] = []

    # ── dispatch ─────────────────────────────────────────────────────────────────────────────────
    def visit(self, node: ast.AST) -> ast.AST | list[ast.stmt] | None:
        """Look the node's class up in the decision table; unknown is rejected."""
        name = type(node).__name__
        decision = DECISIONS.get(name, Decision.REJECTED)
        if decision is Decision.ALLOWED:
            return self._contents(node)
        if decision is Decision.JUDGED:
            visitor: Callable[[ast.AST], ast.AST | list[ast.stmt] | None] = getattr(self, f"judge_{name}")
            return visitor(node)
        self.not_allowed(node)
        return node

    def node_contents_visit(self, node: ast.AST) -> ast.AST:
        """Judge the children in place; what has neither fields nor a refusal needs no visit."""
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                value[:] = self._list(value)
            elif isinstance(value, ast.AST) and type(value) not in _LEAVES:
                made = self.visit(value)
                if made is not value:
                    setattr(node, name, made)
        return node

    def _list(self, values: list[object]) -> Iterator[object]:
        for value in values:
            if not isinstance(value, ast.AST) or type(value) in _LEAVES:
                yield value
                continue
            made = self.visit(value)
            if isinstance(made, list):
                yield from made
            else:
                yield made

    def _contents(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Lambda):
            return self._inside("function", node)
        return self.node_contents_visit(node)

    def _inside(self, kind: str, node: ast.AST) -> ast.AST:
        self._kinds.append(kind)
        try:
            return self.node_contents_visit(node)
        finally:
            self._kinds.pop()

    def _expr(self, node: ast.expr) -> ast.expr:
        return self.visit(node)  # type: ignore[return-value]

    def error(self, node: ast.AST, info: str) -> None:
        """RestrictedPython's own refusals, should one of its methods be reached."""
        self.report.at_node(node, "CHK140", info)

    def warn(self, node: ast.AST, info: str) -> None:
        """RestrictedPython's warnings say nothing that our findings do not."""

    def not_allowed(self, node: ast.AST) -> None:
        """Refuse a whole construct."""
        spoken, hint = SPOKEN.get(type(node).__name__, (type(node).__name__, ""))
        self.report.at_node(node, "CHK140", f"{spoken} is not available", hint)

    def check_name(self, node: ast.AST, name: str | None, allow_magic_methods: bool = False) -> None:
        """Refuse to bind or read a private name; hooks of classes are judged where they are defined."""
        if name is None or (allow_magic_methods and name in HOOKS):
            return
        if is_private(name):
            self.report.at_node(node, "CHK111", f'name "{name}" is not available', PRIVATE_HINT)

    # ── names, attributes, items ─────────────────────────────────────────────────────────────────
    def judge_Name(self, node: ast.Name) -> ast.AST:
        """Private names are refused in every context; `__name__` is a text, and read as the text."""
        if node.id == "__name__" and isinstance(node.ctx, ast.Load):
            return ast.copy_location(ast.Constant(AUTHOR_MODULE), node)
        self.check_name(node, node.id)
        return node

    def judge_Constant(self, node: ast.Constant) -> ast.AST:
        """Complex numbers are refused; the sizes of literals were measured before."""
        if isinstance(node.value, complex):
            self.report.at_node(node, "CHK140", "a complex number is not available")
        return node

    def judge_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Reads are vetted or guarded by name, writes are guarded by object."""
        if not (isinstance(node.ctx, ast.Load) and node.attr in NAMED_TUPLE):
            self._attribute_name(node, node.attr)
        if isinstance(node.value, ast.Name):
            module = self._modules.get(node.value.id)
            if module is not None and not node.attr.startswith("_") and not imports.offers(module, node.attr):
                imports.no_such_name(node, module, node.attr, self.report)
        node.value = self._expr(node.value)
        if isinstance(node.ctx, ast.Load):
            if node.attr in FAST:
                return node
            return call("_getattr_", node, node.value, ast.Constant(node.attr))
        node.value = call("_write_", node.value, node.value)
        return node

    def _attribute_name(self, node: ast.AST, name: str) -> None:
        if name.startswith("_"):
            hint = _ATTRIBUTE_HINTS.get(name, 'names that begin with "_" are private')
            self.report.at_node(node, "CHK120", f'attribute "{name}" is not available', hint)
        elif name in DENIED:
            self.report.at_node(node, "CHK121", f'attribute "{name}" is not available', DENIED_HINTS[name])

    def judge_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Reading is a matter of types; writing and deleting are guarded by object."""
        self.node_contents_visit(node)
        if not isinstance(node.ctx, ast.Load):
            node.value = call("_write_", node.value, node.value)
        return node

    # ── operators ────────────────────────────────────────────────────────────────────────────────
    def judge_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Growing operators between literals would be folded by the compiler, without a bound."""
        if isinstance(node.op, ast.MatMult):
            self.report.at_node(node, "CHK140", "the @ operator is not available")
            return node
        self.node_contents_visit(node)
        operator = _GROWING.get(type(node.op))
        if operator and _is_static(node.left) and _is_static(node.right):
            return call("_binop_", node, ast.Constant(operator), node.left, node.right)
        return node

    def judge_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """The target is guarded as in an assignment; what grows a name is bounded."""
        if isinstance(node.op, ast.MatMult):
            self.report.at_node(node, "CHK140", "the @ operator is not available")
            return node
        target, value = node.target, self._expr(node.value)
        operator = _GROWING.get(type(node.op))
        if isinstance(target, ast.Name):
            self.check_name(target, target.id)
            if operator is not None:
                load = ast.copy_location(ast.Name(target.id, ast.Load()), target)
                grown = call("_inplacevar_", node, ast.Constant(operator), load, value)
                return ast.copy_location(ast.Assign(targets=[target], value=grown), node)
        elif isinstance(target, ast.Subscript) and any(isinstance(part, ast.Slice) for part in ast.walk(target.slice)):
            self.report.at_node(node, "CHK146", "an augmented assignment to a slice is not available")
            return node
        else:
            # The guarded object and the key are evaluated once, and in Python's own order: the item is
            # read before the value is computed, which no call of a hook could do.
            node.target = self.visit(target)  # type: ignore[assignment]
        node.value = value
        return node

    def judge_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        """`:=` binds a name, which is judged like any other."""
        return self._contents(node)

    def judge_Call(self, node: ast.Call) -> ast.AST:
        """Calls dispatch by type; private keyword names are refused as they name attributes somewhere."""
        for keyword in node.keywords:
            if keyword.arg is not None and keyword.arg.startswith("_"):
                message = f'the argument name "{keyword.arg}" is not available'
                self.report.at_node(keyword, "CHK111", message, 'names of arguments begin with no "_" in a call')
        return self._contents(node)

    def judge_comprehension(self, node: ast.comprehension) -> ast.AST:
        """A loop of a comprehension; `async for` is a flag here, not a node."""
        if node.is_async:
            self.report.at_node(node.target, "CHK140", "async for is not available", SPOKEN["AsyncFor"][1])
        return self._contents(node)

    # ── annotations ──────────────────────────────────────────────────────────────────────────────
    def judge_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """The annotation is judged and dropped; a class body keeps its text, never its value."""
        text = ast.unparse(node.annotation) if self._kinds[-1] == "class" else ""
        self.visit(node.annotation)
        if not isinstance(node.target, (ast.Name, ast.Attribute)):
            self.report.at_node(node, "CHK140", "an annotated assignment to an item is not available")
            return node
        if text and isinstance(node.target, ast.Name):
            pair = [ast.Constant(node.target.id), ast.Constant(text[:MAX_ANNOTATION])]
            self._fields[-1].append(ast.Tuple(list[ast.expr](pair), ast.Load()))
        target = self._expr(node.target)
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign(targets=[target], value=self._expr(node.value)), node)

    def judge_arg(self, node: ast.arg) -> ast.AST:
        """A parameter: its name is judged, its annotation judged and dropped."""
        self.check_name(node, node.arg)
        if node.annotation is not None:
            self.visit(node.annotation)
            node.annotation = None
        return node

    # ── definitions ──────────────────────────────────────────────────────────────────────────────
    def judge_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Hooks are available in class bodies alone."""
        if node.name.startswith("__") and self._kinds[-1] == "class" and node.name not in HOOKS:
            self.report.at_head(node, "CHK143", f'the hook "{node.name}" is not available')
        elif is_private(node.name) and not (self._kinds[-1] == "class" and node.name in HOOKS):
            self.report.at_head(node, "CHK111", f'name "{node.name}" is not available', PRIVATE_HINT)
        self._no_type_parameters(node)
        if node.returns is not None:
            self.visit(node.returns)
            node.returns = None
        node.type_comment = None
        return self._inside("function", node)

    def judge_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Every class of an author is made by our metaclass, which the guards know it by."""
        self.check_name(node, node.name)
        self._no_type_parameters(node)
        kept = [keyword for keyword in node.keywords if _is_total(keyword)]
        for keyword in node.keywords:
            if keyword not in kept:
                self.report.at_node(keyword, "CHK142", f'the class keyword "{keyword.arg}" is not available')
        node.keywords = []
        self._fields.append([])
        self._inside("class", node)
        fields = self._fields.pop()
        if fields:
            table = ast.Assign(targets=[ast.Name("_fields_", ast.Store())], value=ast.Tuple(fields, ast.Load()))
            node.body.append(ast.fix_missing_locations(ast.copy_location(table, node)))
        metaclass = ast.keyword("metaclass", ast.Name("__metaclass__", ast.Load()))
        node.keywords = [ast.fix_missing_locations(ast.copy_location(metaclass, node)), *kept]
        return node

    def _no_type_parameters(self, node: ast.AST) -> None:
        for parameter in getattr(node, "type_params", ()):
            self.report.at_node(parameter, "CHK140", "a type parameter is not available")

    # ── statements ───────────────────────────────────────────────────────────────────────────────
    def judge_Global(self, node: ast.Global) -> ast.AST:
        """The names are judged like any other."""
        for name in node.names:
            self.check_name(node, name)
        return node

    def judge_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        """The names are judged like any other."""
        for name in node.names:
            self.check_name(node, name)
        return node

    def judge_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        """A bare `except:` must not catch the deadline, so it means `except Exception:`."""
        self.check_name(node, node.name)
        self._contents(node)
        if node.type is None:
            node.type = ast.fix_missing_locations(ast.copy_location(ast.Name("_Exception_", ast.Load()), node))
        return node

    def judge_Import(self, node: ast.Import) -> ast.AST | list[ast.stmt]:
        """Becomes assignments from `_import_`."""
        return imports.rewrite_import(node, self.report, self.check_name)

    def judge_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | list[ast.stmt]:
        """Becomes assignments from `_import_from_`."""
        return imports.rewrite_import_from(node, self.report, self.check_name)

    # ── patterns ─────────────────────────────────────────────────────────────────────────────────
    def judge_MatchAs(self, node: ast.MatchAs) -> ast.AST:
        """The captured name is judged."""
        self.check_name(node, node.name)
        return self._contents(node)

    def judge_MatchStar(self, node: ast.MatchStar) -> ast.AST:
        """The captured name is judged."""
        self.check_name(node, node.name)
        return node

    def judge_MatchMapping(self, node: ast.MatchMapping) -> ast.AST:
        """Keys are literals, the captured rest is judged."""
        self.check_name(node, node.rest)
        for key in node.keys:
            patterns.judge_value(key, self.report)
        node.patterns = [self.visit(pattern) for pattern in node.patterns]  # type: ignore[misc]
        return node

    def judge_MatchValue(self, node: ast.MatchValue) -> ast.AST:
        """A literal; an attribute in a pattern would be read past `_getattr_`."""
        patterns.judge_value(node.value, self.report)
        return node

    def judge_MatchClass(self, node: ast.MatchClass) -> ast.AST:
        """Six builtin types, which read no attribute of the object."""
        patterns.judge_class(node, self.report)
        node.patterns = [self.visit(pattern) for pattern in node.patterns]  # type: ignore[misc]
        return node
