"""How every C library, test, fuzz target and program of uvm is built.

A library's BUILD is little more than

    c_library(name = "guestmem", prefix = "gm", version = "0.1.0")

because the folder's layout says the rest: include/NAME/*.h are public,
src/*.c the sources, src/*.h and src/*.def private, exports.lds the symbols.
"""

load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

WARNINGS = ["-Wall", "-Wextra", "-Werror"]

_STRICT_C = ["-std=c11", "-Wpedantic", "-Wshadow", "-Wconversion"] + WARNINGS

# Semantic interposition would keep the compiler from inlining our own
# functions, all code being position independent.
C_COPTS = _STRICT_C + [
    "-D_GNU_SOURCE",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-fno-semantic-interposition",
]

# What no sanitizer or second compiler would change: run once, in plain opt.
_PLAIN = ["plain"]

def _write(out, lines):
    native.genrule(
        name = "write_" + out.replace("/", "_"),
        outs = [out],
        cmd = "cat > $@ <<'EOF'\n" + "\n".join(lines).replace("$", "$$") + "\nEOF",
    )

# ---- the shared library ----

def _shared_library_impl(ctx):
    toolchain = find_cpp_toolchain(ctx)
    archives = []
    flags = []
    for input in ctx.attr.lib[CcInfo].linking_context.linker_inputs.to_list():
        flags += input.user_link_flags
        if input.owner == ctx.attr.lib.label:
            archives += [lib.pic_static_library or lib.static_library for lib in input.libraries]
    out = ctx.actions.declare_file("lib%s.so.%s" % (ctx.attr.stem, ctx.attr.version))
    args = ctx.actions.args()
    args.add_all(["-shared", "-o", out])
    args.add("-Wl,-soname,lib%s.so.%s" % (ctx.attr.stem, ctx.attr.version.split(".")[0]))
    args.add("-Wl,--version-script," + ctx.file.exports.path)
    args.add_all(["-Wl,-z,defs,-z,relro,-z,now,--as-needed", "-Wl,--whole-archive"])
    args.add_all(archives)
    args.add("-Wl,--no-whole-archive")
    args.add_all(ctx.files.shared_deps)
    args.add_all(flags + ctx.fragments.cpp.linkopts)
    ctx.actions.run(
        mnemonic = "SharedLibrary",
        executable = toolchain.compiler_executable,
        arguments = [args],
        inputs = depset(
            archives + [ctx.file.exports] + ctx.files.shared_deps,
            transitive = [toolchain.all_files],
        ),
        outputs = [out],
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

_shared_library = rule(
    implementation = _shared_library_impl,
    attrs = {
        "exports": attr.label(mandatory = True, allow_single_file = True),
        "lib": attr.label(mandatory = True, providers = [CcInfo]),
        "shared_deps": attr.label_list(allow_files = True),
        "stem": attr.string(mandatory = True),
        "version": attr.string(mandatory = True),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
    doc = "One static library of ours as a shared one; those it uses stay shared.",
)

# ---- c_library ----

def _version_header(name, prefix, version):
    header = "include/%s/version.h" % name
    guard = prefix.upper() + "_VERSION"
    major, minor, patch = version.split(".")
    _write(header, [
        "/* version.h -- the version of lib%s; generated. */" % name,
        "#ifndef %s_H" % guard,
        "#define %s_H" % guard,
        "",
        "#define %s_MAJOR %s" % (guard, major),
        "#define %s_MINOR %s" % (guard, minor),
        "#define %s_PATCH %s" % (guard, patch),
        '#define %s "%s"' % (guard, version),
        "",
        "#endif",
    ])
    return header

def _headers_test(name, hdrs):
    """Compiles each public header alone, as C11 and as C++17."""
    includes = [h[len("include/"):] for h in hdrs]
    for lang, copts in [("c", _STRICT_C + ["-Wstrict-prototypes"]), ("cc", WARNINGS + ["-Wpedantic"])]:
        srcs = ["headers/%s.%s" % (h, lang) for h in includes]
        for header, src in zip(includes, srcs):
            _write(src, ["#include <%s>" % header, "typedef int not_empty;"])
        native.cc_library(
            name = "%s_headers_%s" % (name, lang),
            srcs = srcs,
            copts = copts,
            testonly = True,
            deps = [":" + name],
        )
    _write("headers/main.c", ["int main(void) { return 0; }"])
    native.cc_test(
        name = name + "_headers_test",
        size = "small",
        srcs = ["headers/main.c"],
        deps = [name + "_headers_c", name + "_headers_cc"],
    )

def _package(name, version, description, hdrs, deps):
    """NAME.pc and NAME_tar: what `./dev install` unpacks; no sources."""
    soname = "lib%s.so.%s" % (name, version.split(".")[0])
    _write(name + ".pc", [
        "prefix=${pcfiledir}/../..",
        "Name: " + name,
        "Description: " + description,
        "Version: " + version,
        "Requires.private: " + " ".join([Label(d).name for d in deps]),
        "Cflags: -I${prefix}/include",
        "Libs: -L${prefix}/lib -l" + name,
        "Libs.private: -pthread",
    ])
    docs = native.glob(["README.md", "CHANGELOG.md"])
    native.genrule(
        name = name + "_tar",
        srcs = hdrs + docs + [name + ".pc", name + "_archive", name + "_shared", "//:LICENSE"],
        outs = ["%s-%s.tar" % (name, version)],
        cmd = "\n".join([
            "d=$$(mktemp -d)",
            "mkdir -p $$d/lib/pkgconfig $$d/include/%s $$d/share/doc/%s" % (name, name),
            "cp " + " ".join(["$(location %s)" % h for h in hdrs]) + " $$d/include/" + name,
            "cp $(location %s.pc) $$d/lib/pkgconfig" % name,
            "cp $(location %s_shared) $$d/lib" % name,
            "ln -s lib%s.so.%s $$d/lib/%s" % (name, version, soname),
            "ln -s %s $$d/lib/lib%s.so" % (soname, name),
            "cp $(location %s_archive) $$d/lib" % name,
            "cp $(location //:LICENSE) %s $$d/share/doc/%s" % (" ".join(["$(location %s)" % d for d in docs]), name),
            "find $$d -type f -exec chmod 644 {} +",
            "tar --sort=name --mode=u=rwX,go=rX --mtime=@0 --owner=0 --group=0 --numeric-owner -cf $@ -C $$d include lib share",
            "rm -rf $$d",
        ]),
        tags = ["install"],
        visibility = ["//visibility:public"],
    )

def _checks(name, prefix, version):
    def_args = {"size": "small", "tags": _PLAIN}
    native.sh_test(
        name = name + "_changelog_test",
        srcs = ["//.ci:check_changelog.sh"],
        args = [version, "$(location CHANGELOG.md)"],
        data = ["CHANGELOG.md"],
        **def_args
    )
    native.sh_test(
        name = name + "_symbols_test",
        srcs = ["//.ci:check_symbols.sh"],
        args = [prefix + "_", "$(location %s_shared)" % name, "$(location %s_archive)" % name],
        data = [name + "_archive", name + "_shared"],
        **def_args
    )

def c_library(name, prefix, version, description = "", srcs = None, hdrs = None, private = None, deps = [], copts = [], linkopts = []):
    """A library, static and shared, with its version header, tar and checks.

    Makes NAME (to link), NAME_private (its private headers, for its tests),
    NAME_shared, NAME_tar, and the tests NAME_{headers,changelog,symbols}_test.

    Args:
      name: as in libNAME.so, <NAME/...> and `pkg-config NAME`.
      prefix: of every symbol, without the underscore.
      version: major.minor.patch; the soname bears the major alone.
      description: one line for pkg-config.
      srcs: default src/*.c and src/*.S.
      hdrs: public headers, default include/NAME/*.h; version.h is added.
      private: headers and tables, default src/*.h, src/*.def, src/*/*.def.
      deps: //libX:X, or a target of //third_party named as its pkg-config module.
    """
    srcs = srcs or native.glob(["src/*.c", "src/*.S"])
    hdrs = hdrs or native.glob(["include/%s/*.h" % name])
    private = private or native.glob(["src/*.h", "src/*.def", "src/*/*.def"])
    ours = [d for d in deps if d.startswith("//lib")]
    hdrs = hdrs + [_version_header(name, prefix, version)]

    native.cc_library(
        name = name + "_private",
        textual_hdrs = private,
    )
    native.cc_library(
        name = name,
        srcs = srcs,
        hdrs = hdrs,
        copts = C_COPTS + copts,
        linkopts = linkopts,
        linkstatic = True,
        strip_include_prefix = "include",
        visibility = ["//visibility:public"],
        deps = deps + [name + "_private"],
    )
    native.filegroup(
        name = name + "_archive",
        srcs = [name],
        output_group = "archive",
    )
    _shared_library(
        name = name + "_shared",
        exports = "exports.lds",
        lib = name,
        shared_deps = [d + "_shared" for d in ours],
        stem = name,
        version = version,
        visibility = ["//visibility:public"],
    )
    _package(name, version, description or "lib" + name, hdrs, deps)
    _headers_test(name, hdrs)
    _checks(name, prefix, version)

# ---- what uses the libraries ----

def c_binary(name, srcs, deps = [], copts = [], linkopts = [], tags = [], visibility = ["//visibility:public"], **kwargs):
    """A program for users: `./dev install` puts it into bin."""
    native.cc_binary(
        name = name,
        srcs = srcs,
        copts = C_COPTS + copts,
        # Bazel names libstdc++ for all: to load it takes half a millisecond.
        linkopts = ["-Wl,--as-needed"] + linkopts,
        deps = deps,
        tags = tags + ["install"],
        visibility = visibility,
        **kwargs
    )

def _test_copts(src):
    # GoogleTest's templates take longer to optimise than the tests to run.
    return C_COPTS if src.endswith(".c") else WARNINGS + ["-O1"]

def c_test(name, src = None, deps = [], copts = [], **kwargs):
    """A test: GoogleTest in test/NAME.cc, or a .c with its own main.

    A private header is included as "libX/src/NAME.h", from X_private.
    """
    src = src or "test/%s.cc" % name
    native.cc_test(
        name = name,
        srcs = [src],
        copts = _test_copts(src) + copts,
        linkstatic = True,
        deps = deps + ([] if src.endswith(".c") else ["@googletest"]),
        **kwargs
    )

def c_bench(name, src = None, deps = [], **kwargs):
    """A benchmark, run by `./dev bench` in its runfiles and by nothing else.

    Any other *_binary with the tag `bench` is one too.
    """
    src = src or "bench/%s.c" % name
    native.cc_binary(
        name = name,
        srcs = [src],
        copts = _test_copts(src),
        tags = ["bench"],
        deps = deps + ["//testdata:bench"],
        **kwargs
    )

def c_fuzz_test(name, src = None, seeds = [], deps = [], copts = [], **kwargs):
    """A libFuzzer target with --config=fuzz; else a test that replays its corpus.

    The corpus is the folder fuzz/corpus/NAME, of at least one file; seeds are
    those of them that a rule makes.
    """
    src = src or "fuzz/%s.c" % name
    corpus = "fuzz/corpus/" + name
    native.cc_test(
        name = name,
        srcs = [src],
        args = [native.package_name() + "/" + corpus],
        copts = _test_copts(src) + copts,
        data = native.glob([corpus + "/**"]) + seeds,
        linkopts = select({
            "//:fuzz": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        linkstatic = True,
        tags = ["fuzz"],
        deps = deps + select({
            "//:fuzz": [],
            "//conditions:default": ["//testdata:replay"],
        }),
        **kwargs
    )

def c_coverage(page, deps, name = "coverage", src = "test/coverage.c", data = []):
    """docs/coverage/PAGE.md, printed from a table by a program.

    The test NAME_test keeps the page equal and says how to refresh it.

    Args:
      page: name of the page.
      deps: of the program.
      name: of the program.
      src: its source file.
      data: files that it reads, in the test too.
    """
    native.cc_binary(
        name = name,
        testonly = True,
        srcs = [src],
        copts = _test_copts(src),
        data = data,
        deps = deps,
    )
    kept = "//docs:coverage/%s.md" % page
    native.sh_test(
        name = name + "_test",
        size = "small",
        srcs = ["//.ci:check_coverage.sh"],
        args = ["$(location %s)" % name, "$(location %s)" % kept],
        data = [name, kept],
        tags = _PLAIN,
    )
