"""The language layer of production: the policy, as the worker uses it."""

from __future__ import annotations

from types import CodeType

from sandbox.policy.compiler import PolicyRejected, check, compile_source
from sandbox.policy.facades.base import Facade
from sandbox.policy.facades.registry import Kinds
from sandbox.policy.guards import GuardRefused
from sandbox.policy.runtime import RunEnv, fresh_globals, prewarm, register_api_type, register_exception_base
from sandbox.policy.version import policy_version
from sandbox.wire.messages import Finding
from sandbox.worker import api
from sandbox.worker.program import Refusal, RunInputs


class Policy:
    """RestrictedPython with our transformer and guards."""

    def __init__(self) -> None:
        self.version = policy_version()
        for kind, names in api.PUBLIC.items():
            register_api_type(kind, names)
        for base in (api.Fail, api.Retry):
            register_exception_base(base)
        members = {"Context": api.Context, "Fail": api.Fail, "Retry": api.Retry, "kinds": Kinds()}
        self._modules = {"chakrator": Facade("chakrator", members)}
        prewarm()

    def check(self, source: str) -> list[Finding]:
        """The policy's findings."""
        return check(source)

    def compile(self, source: str) -> tuple[CodeType, bool]:
        """Through the policy, always."""
        try:
            compiled = compile_source(source)
        except PolicyRejected as rejected:
            raise Refusal(rejected.findings) from None
        return compiled.code, compiled.finalize

    def namespace(self, inputs: RunInputs) -> dict[str, object]:
        """The guarded builtins, facades and hooks."""
        env = RunEnv(inputs.write, inputs.now, inputs.seed, self._modules, inputs.log)
        return fresh_globals(env)

    def is_refusal(self, error: BaseException) -> bool:
        """A guard's exception that nobody caught."""
        return isinstance(error, GuardRefused)
