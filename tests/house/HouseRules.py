# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the house rules on a source tree: HouseRules.py ROOT RULE prints each breach, exits 1 if there is one.

Rules: includes (who may include whom), listed (every source stands in a CMakeLists.txt or a list beside it),
sizes (long files), licence (the SPDX line), parity (the size of the stored test tensors).
"""
import re
import sys
from pathlib import Path

# What each folder may include of ours, besides itself. Direction: app -> ui -> core; inside core only downwards.
BASE = {"base"}
KERNEL = BASE | {"graph", "image", "video", "scene"}
WORK = KERNEL | {"render", "tensor", "models", "training"}
ALLOWED = {
    "core/base": set(),
    "core/graph": BASE,
    "core/image": BASE,
    "core/video": BASE | {"image"},
    "core/scene": BASE,
    "core/render": BASE | {"image", "scene", "video"},
    "core/tensor": BASE | {"image"},
    "core/models": BASE | {"image", "scene", "tensor"},
    "core/training": BASE | {"graph", "image", "scene", "tensor", "models"},
    "core/library": BASE | {"image"},
    "core/nodes": WORK | {"library"},
    "core/project": BASE | {"graph", "image", "library"},
    "core/session": WORK | {"library", "nodes", "project"},
}
# The window knows Session and the plain data that goes through it: no tensors, models or node sources.
UI_MAY = KERNEL | {"render", "library", "project", "session"}

# One place per heavy header: (pattern of the include, folders or files that may have it, what it is).
HEAVY = [
    (r"OpenImageIO/", ("core/image/ImageIo.cpp",), "OpenImageIO stays in core/image/ImageIo.cpp"),
    (r"ATen/ops/|ATen/ATen\.h|ATen/Functions\.h|torch/torch\.h", ("core/tensor/",), "ATen operations stay in core/tensor"),
    (r"ATen/|torch/|c10/", ("core/tensor/", "core/models/", "core/training/", "core/nodes/"), "LibTorch stays below the nodes"),
    (r"unicode/", ("core/models/text/Unicode.cpp",), "ICU stays in core/models/text/Unicode.cpp"),
    (r"ft2build\.h|freetype/|hb(-\w+)?\.h$", ("core/training/data/EmojiFont.cpp",), "FreeType and HarfBuzz stay in EmojiFont.cpp"),
    (r"pugixml", ("core/training/data/EmojiNames.cpp",), "pugixml stays in core/training/data/EmojiNames.cpp"),
    (r"vulkan/", ("core/render/vulkan/",), "vulkan.h stays under core/render/vulkan"),
    (r"Q[A-Z]|Qt[A-Z]\w*/", ("ui/", "app/"), "Qt stays in ui and app"),
    (r"libav\w+/|libsw\w+/", ("core/video/",), "FFmpeg stays in core/video"),
]
SOURCE_ENDINGS = {".cpp", ".h"}
CODE_ENDINGS = SOURCE_ENDINGS | {".comp", ".vert", ".frag", ".glsl", ".py", ".sh", ".cmake"}
TREES = ("app", "core", "ui", "tests", "shaders", "resources", "installer")
PARITY_LIMIT = 20 * 1024 * 1024
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def files(root, endings, trees=TREES):
    for tree in trees:
        for path in sorted((root / tree).rglob("*")):
            if path.suffix in endings and path.is_file():
                yield path.relative_to(root)


def layer(path):
    parts = Path(path).parts
    return "/".join(parts[:2]) if parts[0] == "core" else parts[0]


def breach_of(source, target):
    """Why `source` may not include our own header `target`, or None."""
    here, there = layer(source), layer(target)
    if here == there or here in ("tests", "app"):
        return None if there != "tests" or here == "tests" else f"{source}: includes {target}: tests are for tests only"
    if there in ("tests", "app"):
        return f"{source}: includes {target}: {there} stands above {here}"
    if there == "shaders":
        return None if here == "core/render" else f"{source}: includes {target}: shaders are for core/render"
    if there == "ui":
        return f"{source}: includes {target}: ui stands above {here}"
    if here == "ui":
        allowed = UI_MAY
    elif here in ALLOWED:
        allowed = ALLOWED[here]
    else:
        return f"{source}: {here} has no line in the table of layers"
    if there.split("/")[-1] in allowed:
        return None
    return f"{source}: includes {target}: {here} may use {', '.join(sorted(allowed)) or 'nothing of ours'}"


def includes(root):
    for path in files(root, SOURCE_ENDINGS, ("app", "core", "ui", "tests")):
        for kind, name in INCLUDE.findall((root / path).read_text(errors="replace")):
            if kind == '"' and name.split("/")[0] in TREES:
                problem = breach_of(path.as_posix(), name)
                if problem:
                    yield problem
            elif path.parts[0] != "tests":
                for pattern, places, rule in HEAVY:
                    if re.match(pattern, name) and not path.as_posix().startswith(places):
                        yield f"{path}: includes {name}: {rule}"


def listed(root):
    """A source counts as listed where its name, or its path from there, stands in a list of its folder or one above."""
    texts = {}
    for path in files(root, {".txt", ".cmake"}, ("app", "core", "ui", "tests", "shaders")):
        texts.setdefault(path.parent, []).append((root / path).read_text(errors="replace"))
    for path in files(root, {".cpp"}, ("app", "core", "ui", "tests")):
        names = lambda folder: re.compile(r"(?<![\w/.])" + re.escape(path.relative_to(folder).as_posix()) + r"(?![\w.])")
        if not any(names(f).search(text) for f in path.parents for text in texts.get(f, [])):
            yield f"{path}: in no CMakeLists.txt of its folder or one above"


def sizes(root):
    """A little over the limit is told; a quarter over it is a second idea in the file and a breach."""
    for path in files(root, SOURCE_ENDINGS, ("app", "core", "ui", "tests")):
        limit = 900 if path.parts[0] == "tests" else 150 if path.suffix == ".h" else 600
        lines = len((root / path).read_text(errors="replace").splitlines())
        if lines > limit * 1.25:
            yield f"{path}: {lines} lines, the limit is {limit}: split it"
        elif lines > limit:
            print(f"note: {path}: {lines} lines, the limit is {limit}")


def licence(root):
    for path in files(root, CODE_ENDINGS):
        head = (root / path).read_text(errors="replace").splitlines()[:3]
        if path.suffix != ".cmake" and not any("SPDX-License-Identifier: GPL-3.0-or-later" in line for line in head):
            yield f"{path}: no line 'SPDX-License-Identifier: GPL-3.0-or-later' on top"


def parity(root):
    stored = [path for path in (root / "tests/parity").rglob("*") if path.is_file()]
    total = sum(path.stat().st_size for path in stored)
    if total > PARITY_LIMIT:
        yield f"tests/parity: {total / 2**20:.1f} MB in {len(stored)} files, the limit is {PARITY_LIMIT / 2**20:.0f} MB"


RULES = {rule.__name__: rule for rule in (includes, listed, sizes, licence, parity)}


def main(arguments):
    root, rule = Path(arguments[0]), RULES[arguments[1]]
    if not (root / "core").is_dir():
        print(f"{root}: not a source tree of Ochre")
        return 2
    breaches = list(rule(root))
    print("\n".join(breaches) or f"{rule.__name__}: kept")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
