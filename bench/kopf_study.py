"""How much of public kopf operators' pure code the policy accepts: `python -m bench.kopf_study MIRRORS`.

MIRRORS holds a git directory for each repository of the study (`owner+name/repo`). Nothing of them is copied: the
result names a repository, a commit, a path, a function and the digest of its source, and what became of it.
"""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench import kopf_report
from bench.kopf_purity import Project, Unit, why_impure
from bench.kopf_report import Row
from bench.kopf_source import Mirror, Module
from sandbox.policy.compiler import check

REPOSITORIES = {
    "InformaticsMatters/data-manager-job-operator": "3a2bddc4493d0875877b4ddda794afe5c1a14bb0",
    "Mirantis/rockoon": "1390883a4494e580cdf850e71f30781fafbda8a5",
    "azimuth-cloud/azimuth-caas-operator": "4708e946ec6b19be3f731180bdfc8ade9216912e",
    "azimuth-cloud/azimuth-capi-operator": "1c7d83e16393e6c47e432f3a5ca12d7784305eca",
    "azimuth-cloud/azimuth-identity-operator": "f66eb8119a59f8ef657f0e7a8189eb75d8283946",
    "crate/crate-operator": "6f47c86cf208d59e1476df821588f32ea5ab5eb5",
    "danielino/k8s-example-operator": "7d4d11886c3f4291062f8448c67a82d8b348c366",
    "dask/dask-kubernetes": "1daa175f33554549a65530a26300f46368083e7e",
    "djkormo/k8s-kopf-examples": "e3fd6fd3f5f3d0fffefde65700ade69a01bec688",
    "epfl-si/wp-operator": "8fd23049024a00ece7f021d3cfb7536d66a03761",
    "k8spin/k8spin-operator": "d35736433ae53549bb8707a38ed8ed7b6ab46409",
    "kooked-ch/operator": "8a84b29e4c567e5e4f55357dc1a69b0434302c5b",
    "lsst-sqre/gafaelfawr": "9084e4084a43306da8ef912a0a9bafeb5fbe4747",
    "lsst-sqre/strimzi-registry-operator": "381b217b02f083a2b2d5dc29f5bb9177e0bfc779",
    "mysql/mysql-operator": "aec777a1f91d2c26c1d3470d97ec77899d73eadf",
    "redhat-cop/anarchy": "a6a1f75433177ec5092c014bc83acac25323f058",
    "redhat-cop/babylon": "10dca0e3a6921fc7b661837a5eb32346430b9176",
    "redhat-cop/poolboy": "97f7fbe0ee4b382bbb6d99e0645876930cff3faf",
    "vexxhost/openstack-operator": "9fcd1e1450d1b555a23d22df9fde6681b1cba017",
    "vmware-tanzu-labs/educates-training-platform": "662fed42a3ab633d997ed694231e1678b611839a",
    "zakkg3/ClusterSecret": "ff64c9ec5e0b0ce661e16a58d62d0648c63ac519",
}
KEPT_DECORATORS = ("property", "staticmethod", "classmethod", "contextmanager", "contextlib.", "functools.", "cache")
TAIL = "\n\ndef reconcile(obj, ctx):\n    return None\n"


def wrapped(unit: Unit) -> str:
    """The function with the imports that it needs; names of its own project stand for themselves.

    A decorator of kopf's or of the project is left off. An import that only annotations use, of what a reconciler
    does not have, becomes a plain name: annotations are never evaluated.
    """
    function = ast.parse(ast.unparse(unit.node)).body[0]
    assert isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
    function.decorator_list = [
        decorator for decorator in function.decorator_list if ast.unparse(decorator).startswith(KEPT_DECORATORS)
    ]
    needed, stubs = [], []
    running = unit.names_that_run()
    for name in sorted(unit.free_names()):
        imported = unit.module.imports.get(name)
        if imported is None:
            if name in unit.module.bound:
                stubs.append(name)
        elif imported.own or imported.root == "kopf" or name not in running:
            stubs.append(name)
        else:
            needed.append(imported.statement)
    head = "\n".join([*dict.fromkeys(needed), *(f"{name} = None" for name in stubs)])
    text = ast.unparse(function)
    if unit.owner is not None:
        text = "class Owner:\n" + "\n".join(f"    {line}" for line in text.splitlines())
    return f"{head}\n\n\n{text}{TAIL}"


def judge(unit: Unit, project: Project, repository: str) -> Row:
    """One row."""
    node = unit.node
    text = ast.get_source_segment(unit.module.source, node) or ""
    handler = any(ast.unparse(decorator).startswith("kopf.") for decorator in node.decorator_list)
    common = (repository, unit.module.path, unit.name, node.lineno, len(text.splitlines()))
    digest = hashlib.sha256(text.encode()).hexdigest()
    impure = why_impure(unit, project)
    if impure:
        return Row(*common, digest, handler, "io", impure)
    findings = check(wrapped(unit))
    if not findings:
        return Row(*common, digest, handler, "accepted")
    reasons = list(dict.fromkeys(f"{finding.code} {finding.message}" for finding in findings))
    codes = tuple(dict.fromkeys(finding.code for finding in findings))
    return Row(*common, digest, handler, "refused", "; ".join(reasons[:3]), codes)


def study(mirrors: Path) -> Iterator[Row]:
    """Every row of every repository, in order."""
    for repository, commit in REPOSITORIES.items():
        mirror = Mirror(mirrors / repository.replace("/", "+"), commit)
        modules: list[Module] = list(mirror.operator_modules())
        project = Project(modules)
        rows = [judge(unit, project, repository) for unit in project.studied()]
        yield from sorted(rows, key=lambda row: (row.path, row.line))


def main(arguments: list[str]) -> int:
    """Write the table; print the sums."""
    if not arguments:
        print("usage: python -m bench.kopf_study MIRRORS [--refused]", file=sys.stderr)
        return 2
    rows = list(study(Path(arguments[0])))
    results = Counter(row.result for row in rows)
    pure = results["accepted"] + results["refused"]
    print(json.dumps({**results, "pure": pure, "share": round(results["accepted"] / pure, 4)}))
    print(Counter(code for row in rows for code in row.codes).most_common())
    if "--refused" in arguments:
        for row in rows:
            if row.result == "refused":
                print(f"{row.repository} {row.path}:{row.line} {row.name}: {row.reason}")
        return 0
    kopf_report.write(rows, REPOSITORIES)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
