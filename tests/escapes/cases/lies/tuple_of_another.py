# technique: pass an object for what only says that it is something else
# source: our own review
# layers: policy
# expect: failed TypeError
# success: returns obj["reached"] once it has made an object of a class that is not the author's
def reconcile(obj, ctx):
    from collections import namedtuple
    from urllib.parse import urlsplit
    Mine = namedtuple("Mine", "a b c d e")
    forged = Mine._replace(urlsplit("https://a/b"), a="forged")
    return obj["reached"] if forged.scheme == "forged" else None
