# technique: write where only the host writes
# source: our own review
# layers: policy
# expect: guarded
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    class Open:
        pass
    one = Open()
    one.items = {}
    import datetime
    try:
        datetime.date(2020, 1, 1).year = 1
    except AttributeError:
        return obj["reached"]
