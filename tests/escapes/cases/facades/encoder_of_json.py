# technique: use a facade on a class or object that is not the author's
# source: our own review
# layers: policy
# expect: failed TypeError
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    import json
    class Mine:
        def __init__(self, **options):
            self.options = options
        def encode(self, value):
            return obj["reached"]
    return json.dumps({1, 2}, cls=Mine)
