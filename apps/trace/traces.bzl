"""Traces as tests: made from programs by rule, replayed on every engine."""

def uvm_trace(name, guest, args = [], options = [], level = "hash", data = []):
    """NAME.uvt: the trace of a program that runs by itself.

    Args:
      name: of the target.
      guest: a haiku_binary.
      args: of the program.
      options: of uvm.
      level: events, hash or full.
      data: files that it needs beside it.
    """
    native.genrule(
        name = name,
        srcs = [guest] + data,
        outs = [name + ".uvt"],
        tools = ["//apps/uvm"],
        # In a directory of its own; how the program ends is in the trace.
        cmd = " ".join([
            "here=$$PWD; status=0; work=$$(mktemp -d); cd $$work; ulimit -c 0;",
            "{ $$here/$(location //apps/uvm) --quiet --record $$here/$@ --level",
            level,
        ] + options + ["$$here/$(location %s)" % guest] + args + [
            ">/dev/null 2>&1 </dev/null; } 2>/dev/null || status=$$?; cd $$here; rm -rf $$work;",
            "[ $$status -ne 125 ] && [ $$status -ne 126 ] && [ $$status -ne 127 ]",
        ]),
    )

def uvm_trace_test(name, trace, engines = ["interp", "jit", "lockstep"], **kwargs):
    """Replays a trace: one test NAME_ENGINE for each engine.

    A test passes when everything is as recorded. It needs nothing but the file
    and utrace, so that Bazel may run it anywhere and keep its result.

    Args:
      name: of the tests' suite.
      trace: a file, made by uvm --record or uvm_trace.
      engines: interp, jit, lockstep.
      **kwargs: of sh_test.
    """
    for engine in engines:
        native.sh_test(
            name = "%s_%s" % (name, engine),
            size = "small",
            srcs = ["//apps/trace:test/replay.sh"],
            args = [
                "$(location //apps/utrace)",
                engine,
                "$(location %s)" % trace,
            ],
            data = ["//apps/utrace", trace],
            **kwargs
        )
    native.test_suite(
        name = name,
        tests = ["%s_%s" % (name, engine) for engine in engines],
    )
