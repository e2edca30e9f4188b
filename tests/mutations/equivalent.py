"""Mutants that change nothing that protects, each with its reason. One that is noticed after all fails its test."""

from __future__ import annotations

_ASYNC = "it stands only inside `async def`, which is refused by itself"
_PARSED = "parsing a module makes no such node"
_OTHERWISE = "the next line ends with the same error"

_NEWER = "Python 3.11 has no type parameters"
_T = "sandbox.policy.transformer.PolicyTransformer."

EQUIVALENT = {
    f"{_T}judge_FunctionDef without: self._no_type_parameters(node)": _NEWER,
    f"{_T}judge_ClassDef without: self._no_type_parameters(node)": _NEWER,
    f"{_T}_no_type_parameters without: "
    "self.report.at_node(parameter, 'CHK140', 'a type parameter is not available')": _NEWER,
    f"{_T}error without: self.report.at_node(node, 'CHK140', info)": "no method of RestrictedPython is reached",
    "sandbox.policy.limits.parse without: report.at_top('CHK100', f'syntax error: {str(error)[:200]}')": (
        "the parser has a ValueError for NUL alone, which was refused before"
    ),
    "sandbox.policy.runtime._import_in_c without: name not in sys.modules": "both modules are loaded by the facades",
    "sandbox.policy.facades.re_._compiled unchecked: exact.text(pattern, MAX_PATTERN)": "Pattern checks it again",
    "sandbox.policy.facades.registry.Kinds.__getattr__ never: if name.startswith('_')": "a kind begins with a capital",
    "sandbox.policy.facades.json_._Plain.of never: if self._default is None": _OTHERWISE,
    "sandbox.policy.facades.textwrap_.wrap never: if unknown": _OTHERWISE,
    "sandbox.policy.imports.rewrite_import without: "
    "report.at_node(alias, 'CHK131', f'\"{alias.name}\" must be given a name', hint)": (
        "every nested module of the table is offered by its root"
    ),
    "grammar.DECISIONS NamedExpr allowed": "its judge does what is done for the allowed; its target is a Name",
    "grammar.DECISIONS Await allowed": _ASYNC,
    "grammar.DECISIONS AsyncFor allowed": _ASYNC,
    "grammar.DECISIONS AsyncWith allowed": _ASYNC,
    "grammar.DECISIONS MatMult allowed": "BinOp and AugAssign refuse the operator before it is looked at",
    "grammar.DECISIONS alias allowed": "imports are rewritten whole; nothing visits their names",
    "grammar.DECISIONS FunctionType allowed": _PARSED,
    "grammar.DECISIONS TypeIgnore allowed": _PARSED,
    "grammar.DECISIONS Expression allowed": _PARSED,
    "grammar.DECISIONS Interactive allowed": _PARSED,
    "sandbox.policy.codecs._chosen without: type(errors) is not str": "the real methods take nothing but a str",
    "sandbox.policy.facades.dataclasses_._slots_of never: if slots is None": _OTHERWISE,
    "sandbox.policy.facades.dataclasses_.fields never: if slots is None": _OTHERWISE,
    "sandbox.policy.facades.functools_.cached_property never: if not isinstance(type(self), UserMeta)": (
        "nothing but an author's class can hold one"
    ),
}

_Z = "sandbox.worker.zygote.Zygote."
_PIDFD = "this kernel has pidfd_open; a simulated one that has not is refused in test_machines.py"

EQUIVALENT_OF_THE_ZYGOTE = {
    f"{_Z}boot without: if platform.system() != 'Linux': raise Unfit('kernel', 'the cage needs Linux')": (
        "only another system than Linux is refused by it, and a message is all that it adds"
    ),
    f"{_Z}boot without: try: os.close(os.pidfd_open(self._pid)) except OSError as error: raise Unfit('pidfd', f'p…": (
        _PIDFD
    ),
    f"{_Z}boot without: os.close(os.pidfd_open(self._pid))": _PIDFD,
    f"{_Z}boot without: gc.collect()": "memory alone: garbage that is frozen is never collected",
}
