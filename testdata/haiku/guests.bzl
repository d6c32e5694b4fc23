"""The bundled guests and their tests."""

load(":haiku.bzl", "haiku_binary")

_TABLES = [
    "//libhaikuabi:src/numbers/r1beta5.def",
    "//libhaikuabi:src/status.def",
    "//libhaikuabi:src/syscalls.def",
]

_SUPPORT = ["support/guest.c", "support/sys.S"]

def guest(name, srcs = None, extra_hdrs = [], static = True, **kwargs):
    """A program with the support code that stands in for libroot."""
    haiku_binary(
        name = name,
        srcs = (srcs or [name + ".c"]) + _SUPPORT,
        hdrs = _TABLES + extra_hdrs,
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

def guest_test(name, **kwargs):
    """Runs a guest under uvm in an empty directory, once with each engine.

    name ends in _test; the other arguments are those of _engine_test.
    """
    for suffix, engine in _ENGINES.items():
        _engine_test(name[:-len("_test")] + suffix + "_test", engine, **kwargs)

def _engine_test(name, engine, guest, args = [], options = [], expect = None, status = 0, stdin = None, data = [], **kwargs):
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
