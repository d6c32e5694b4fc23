"""Haiku programs and libraries for i386, built with clang and lld alone.

No header or library of the host takes part: <...> finds testdata/haiku/include
and the compiler's own freestanding headers (stddef.h, stdint.h, stdarg.h).
"""

HaikuInfo = provider(fields = {
    "library": "the shared library, to link with",
    "runtime": "depset of it and the libraries it needs",
})

_COMPILE = [
    "-march=pentium",
    "-O2",
    "-ffreestanding",
    "-nostdlibinc",
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-Itestdata/haiku/include",
    "-I.",
]

_COMPILE_C = ["-std=c11", "-Wall", "-Wextra", "-Werror"]

# As on Haiku programs are position independent as libraries are, told from
# them by an entry point alone; the loader wants DT_HASH and 4 KiB pages.
_LINK = ["-m", "elf_i386", "-z", "max-page-size=4096", "--build-id=none"]
_LINK_DYNAMIC = ["-shared", "--no-undefined", "--hash-style=both"]

def _compile(ctx, src):
    out = ctx.actions.declare_file("%s.objs/%s.o" % (ctx.label.name, src.basename))

    # clang has no thread-local storage for Haiku yet; the i386 code is the same.
    target = "i386-unknown-elf" if ctx.attr.tls else "i586-pc-haiku"
    args = ["--target=" + target] + _COMPILE
    if src.extension == "c":
        args += _COMPILE_C
    if not ctx.attr.static:
        args.append("-fPIC")
    ctx.actions.run(
        mnemonic = "HaikuCompile",
        executable = "/usr/bin/clang",
        arguments = args + ctx.attr.copts + ["-c", src.path, "-o", out.path],
        inputs = [src] + ctx.files.hdrs + ctx.files._include,
        outputs = [out],
    )
    return out

def _image_impl(ctx):
    marks = [] if ctx.attr.static else [ctx.file._abi]
    objects = [_compile(ctx, src) for src in ctx.files.srcs + marks]
    libraries = [dep[HaikuInfo].library for dep in ctx.attr.deps]
    needed = depset(transitive = [dep[HaikuInfo].runtime for dep in ctx.attr.deps])
    out = ctx.actions.declare_file(ctx.attr.out)

    args = _LINK + (["-static"] if ctx.attr.static else _LINK_DYNAMIC)
    args += ["-soname", ctx.attr.soname] if ctx.attr.soname else ["-e", ctx.attr.entry]
    if ctx.file.version_script:
        args += ["--version-script", ctx.file.version_script.path]
    ctx.actions.run(
        mnemonic = "HaikuLink",
        executable = "/usr/bin/ld.lld",
        arguments = args + ctx.attr.linkopts + ["-o", out.path] +
                    [file.path for file in objects + libraries],
        inputs = depset(
            objects + libraries + ctx.files.version_script,
            transitive = [needed],
        ),
        outputs = [out],
    )
    runtime = depset([out], transitive = [needed])
    return [
        DefaultInfo(
            executable = None if ctx.attr.soname else out,
            files = depset([out]),
            runfiles = ctx.runfiles(transitive_files = runtime),
        ),
        HaikuInfo(library = out, runtime = runtime),
    ]

_image = rule(
    implementation = _image_impl,
    attrs = {
        "copts": attr.string_list(),
        "deps": attr.label_list(providers = [HaikuInfo]),
        "entry": attr.string(default = "_start"),
        "hdrs": attr.label_list(allow_files = True),
        "linkopts": attr.string_list(),
        "out": attr.string(mandatory = True),
        "soname": attr.string(),
        "srcs": attr.label_list(allow_files = [".c", ".S"]),
        "static": attr.bool(),
        "tls": attr.bool(),
        "version_script": attr.label(allow_single_file = True),
        "_abi": attr.label(
            allow_single_file = True,
            default = "//testdata/haiku:support/abi.c",
        ),
        "_include": attr.label(default = "//testdata/haiku:include"),
    },
)

def haiku_binary(name, srcs, deps = [], static = False, **kwargs):
    """A program, entered at _start.

    Args:
      name: of the target and of the file.
      srcs: .c and .S files.
      deps: haiku_library targets, needed in this order.
      static: an ET_EXEC without a dynamic section instead of an ET_DYN.
      **kwargs: hdrs, copts, linkopts; entry, a symbol; tls, True for sources
        that use __thread.
    """
    _image(name = name, srcs = srcs, deps = deps, static = static, out = name, **kwargs)

def haiku_library(name, srcs, soname = None, deps = [], version_script = None, **kwargs):
    """A shared library in the folder lib, where a program beside it finds it.

    Args:
      name: libNAME.so is the file's name.
      srcs: .c and .S files.
      soname: default libNAME.so.
      deps: haiku_library targets, needed in this order.
      version_script: symbol versions, in the syntax of GNU ld.
      **kwargs: as for haiku_binary.
    """
    file = "lib%s.so" % name
    _image(
        name = name,
        srcs = srcs,
        deps = deps,
        soname = soname or file,
        out = "lib/" + file,
        version_script = version_script,
        **kwargs
    )
