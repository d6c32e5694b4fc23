"""The bundled guests and their tests."""

load(":haiku.bzl", "haiku_binary")

_TABLES = [
    "//libhaikuabi:src/status.def",
    "//libhaikuabi:src/syscalls.def",
]

_SUPPORT = ["support/guest.c", "support/sys.S"]

def guest(name, srcs = None, extra_hdrs = [], static = True, release = "r1beta5", **kwargs):
    """A program with the support code that stands in for libroot of a release."""
    numbers = "src/numbers/%s.def" % release
    haiku_binary(
        name = name,
        srcs = (srcs or [name + ".c"]) + _SUPPORT,
        hdrs = _TABLES + ["//libhaikuabi:" + numbers] + extra_hdrs,
        copts = [
            "-DBETA=" + release[-1],
            '-DNUMBERS="libhaikuabi/%s"' % numbers,
        ],
        static = static,
        **kwargs
    )

# What is in the name of a test, and options of uvm; guests are too short for
# code to be translated where it has to run often first.
_ENGINES = {
    "": ["--engine", "interp"],
    "_jit": ["--engine", "jit", "--translate-after", "1"],
    "_lockstep": ["--engine", "lockstep"],
}

def guest_test(name, guest, args = [], options = [], stdin = None, data = [], **kwargs):
    """Runs a guest under uvm in an empty directory, once with each engine.

    name ends in _test; the other arguments are those of _engine_test. There is
    a round_trip_test as well, which runs where it is asked for by name.
    """
    name = name[:-len("_test")]
    common = {"args": args, "data": data, "guest": guest, "options": options, "stdin": stdin}
    for suffix, engine in _ENGINES.items():
        _engine_test(name + suffix + "_test", engine, **dict(common, **kwargs))
    round_trip_test(name + "_round_trip_test", tags = ["manual"], **common)

def round_trip_test(name, guest, args = [], options = [], stdin = None, data = [], **kwargs):
    """Records a guest on each engine, and replays it on each.

    Arguments as those of _engine_test.
    """
    native.sh_test(
        name = name,
        size = "large",
        srcs = ["//testdata/traces:round_trip.sh"],
        args = [
            "$(location //apps/uvm)",
            "$(location //apps/utrace)",
            "$(location %s)" % guest,
            "'%s'" % (stdin or ""),
        ] + options + ["--"] + args,
        data = ["//apps/utrace", "//apps/uvm", guest] + data,
        **kwargs
    )

def _engine_test(name, engine, guest, args, options, stdin, data, expect = None, status = 0, **kwargs):
    """One test.

    Args:
      engine: options of uvm.
      guest: a haiku_binary.
      args: of the guest.
      options: of uvm.
      expect: a file with what it writes to descriptor 1; none: nothing.
      status: how it ends, 128 + n for signal n of the host.
      stdin: text for descriptor 0.
      data: files and libraries beside it.
    """
    native.sh_test(
        name = name,
        size = "small",
        srcs = ["run_guest.sh"],
        args = [
            "$(location //apps/uvm)",
            "$(location %s)" % guest,
            "$(location %s)" % expect if expect else "-",
            str(status),
            "'%s'" % (stdin or ""),
        ] + engine + options + ["--"] + args,
        data = ["//apps/uvm", guest] + ([expect] if expect else []) + data,
        **kwargs
    )
