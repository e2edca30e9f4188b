# technique: use a facade on a class or object that is not the author's
# source: CVE-2024-47532: string as an attribute of a module (RestrictedPython)
# layers: policy
# expect: rejected CHK131
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    from string import Template
    return Template("$x").substitute(x=obj["reached"])
