# technique: use a facade on a class or object that is not the author's
# source: CVE-2024-47532: string as an attribute of a module (RestrictedPython)
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    from string import Template
    class Mine(Template):
        delimiter = "%"
    return Mine("%x").substitute(x=obj["reached"])
