# technique: say more than a run may say
# source: our own review
# layers: policy, cage
# expect: rejected CHK130
# cage: ProtocolViolation
# success: the host hears it
def reconcile(obj, ctx):
    import os
    def send(body):
        data = body.encode("utf-8", "surrogatepass")
        data = len(data).to_bytes(4, "big") + data
        while data:
            data = data[os.write(3, data):]
    def frame(tag, rest):
        return '{"t":"' + tag + '","id":"' + ctx.run.id + '",' + rest + "}"
    status = '"status":{"a":"' + obj["reached"] + '"}'
    line = '{"level":"info","message":"' + "x" * 2000 + '"}'
    try:
        for _ in range(30):
            send(frame("log", '"lines":[' + ",".join([line] * 10) + "]"))
    finally:
        send(obj["reached"])
