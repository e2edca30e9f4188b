# technique: recurse beyond the stack
# source: CPython: the recursion limit
# layers: cage
# cage: Retry RecursionError
# success: returns obj["reached"] once it has done what nobody may
def reconcile(obj, ctx):
    def down(n):
        return n if n <= 0 else down(n - 1) + 0
    down(min(obj["spec"]["much"] // 10, 10**6))
    return obj["reached"]
