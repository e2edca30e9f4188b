# technique: have an annotation evaluated
# source: our own survey of dataclasses
# layers: policy
# expect: rejected CHK131
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    from dataclasses import make_dataclass
    made = make_dataclass("Made", [("x", int)], namespace={"go": lambda self: obj["reached"]})
    return made(1).go()
