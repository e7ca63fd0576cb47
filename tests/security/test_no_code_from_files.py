"""Nothing in the program can run code from a file that it opens: no pickle, no eval, no loader that unpickles, wherever it hides."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "unetstudio").rglob("*.py"))

MODULES = {
    *("pickle", "_pickle", "cPickle", "pickletools", "dill", "cloudpickle", "joblib", "marshal", "shelve", "jsonpickle", "yaml", "ruamel"),
    *("runpy", "code", "codeop", "imp", "torch.hub", "torch.package", "torch.serialization", "xmlrpc", "copyreg"),
}
"""Never imported, nor anything from them."""

CALLS = {
    *("eval", "exec", "compile", "__import__", "builtins.eval", "builtins.exec", "builtins.compile", "os.system", "os.popen"),
    *("torch.load", "torch.jit.load", "torch.export.load", "torch.hub.load", "torch.compile", "torch.classes.load_library"),
    *("torch.ops.load_library", "numpy.memmap", "numpy.lib.format.open_memmap", "pandas.read_pickle", "types.CodeType"),
}
"""Never named."""

PIPES = {"unetstudio/worker/pipe.py"}
"""The only file that receives pickled messages: from our own other process, never from a file."""

INSTALLED = {"unetstudio/registry.py"}
"""Imports modules by names that come from installed packages, never from a document."""


def dotted(node: ast.expr, names: dict[str, str]) -> str:
    """The full name of what an expression such as `np.load` stands for, through the file's imports; "" for anything else."""
    match node:
        case ast.Name(id):
            return names.get(id, id)
        case ast.Attribute(value, attr):
            before = dotted(value, names)
            return f"{before}.{attr}" if before else ""
    return ""


def faults(code: str, file: str = "") -> Iterator[str]:
    """What in a file could run code that a document brings."""
    tree, names = ast.parse(code), {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(found):
                for alias in found:
                    names[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]
                    yield from imported(alias.name)
            case ast.ImportFrom(module=str() as module, names=found):
                for alias in found:
                    names[alias.asname or alias.name] = f"{module}.{alias.name}"
                    yield from imported(f"{module}.{alias.name}")
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and dotted(node, names) in CALLS:
            yield dotted(node, names)
        if isinstance(node, ast.Call):
            yield from called(node, names, file)


def imported(name: str) -> Iterator[str]:
    """The name when it is, or lies in, a module that is never imported."""
    parts = name.split(".")
    if {".".join(parts[:i]) for i in range(1, len(parts) + 1)} & MODULES:
        yield name


def called(node: ast.Call, names: dict[str, str], file: str) -> Iterator[str]:
    """Calls that are harmless only with certain arguments or in certain places."""
    name, options = dotted(node.func, names), {keyword.arg: keyword.value for keyword in node.keywords}
    if name in ("numpy.load", "numpy.lib.npyio.NpzFile"):
        allowed = options.get("allow_pickle")
        if not isinstance(allowed, ast.Constant) or allowed.value is not False:
            yield "numpy.load without allow_pickle=False"
    fixed = bool(node.args) and isinstance(node.args[0], ast.Constant)
    if name == "importlib.import_module" and not fixed and file not in INSTALLED:
        yield "importlib.import_module of a name made at run time"
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("recv", "recv_bytes") and file not in PIPES:
        yield f"{node.func.attr} outside the worker's pipe"
    if "shell" in options and not (isinstance(options["shell"], ast.Constant) and options["shell"].value is False):
        yield "a shell"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_that_a_file_of_the_program_cannot_run_code_from_documents(path):
    assert list(faults(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())) == []


def test_that_all_files_of_the_program_are_free_of_it(figure):
    free = [path for path in FILES if not list(faults(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()))]
    note = "no pickle, eval, torch.load, yaml or loaded library; tried on snippets that have them"
    figure("G8", "files of the program that run no code from a document", bar="all", n=len(FILES), good=len(free), note=note)
    assert free == FILES


@pytest.mark.parametrize(
    "snippet",
    [
        "import pickle",
        "from pickle import loads",
        "import pickle as p\np.loads(b'')",
        "import torch\ntorch.load('x')",
        "import torch as t\nf = t.load\nf('x')",
        "from torch import load\nload('x', weights_only=True)",
        "import torch\ntorch.export.load('x')",
        "import numpy as np\nnp.load('x')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "from numpy import load as read\nread('x', allow_pickle=flag)",
        "import yaml\nyaml.load('x')",
        "import marshal, shelve",
        "from joblib import load",
        "eval('1')",
        "exec('x = 1')",
        "import builtins\nbuiltins.exec('x = 1')",
        "import importlib\nimportlib.import_module(name)",
        "__import__(name)",
        "import subprocess\nsubprocess.run('x', shell=True)",
        "connection.recv()",
    ],
)
def test_that_a_file_that_could_run_code_is_found_out(snippet):
    assert list(faults(snippet))


def test_that_harmless_loading_is_left_alone():
    good = "import json\nimport numpy as np\nfrom safetensors.torch import load\n"
    good += "np.load('x', allow_pickle=False)\njson.loads('1')\nnetwork.eval()\nload('x')"
    assert list(faults(good)) == []


@pytest.mark.parametrize(
    ("snippet", "rule"),
    [
        ("import pickle\n\npickle.loads(b'')\n", "S301"),
        ("import marshal\n\nmarshal.loads(b'')\n", "S302"),
        ("import sys\n\neval(sys.argv[1])\n", "S307"),
        ("import sys\n\nexec(sys.argv[1])\n", "S102"),
        ("import yaml\n\nyaml.load('x')\n", "S506"),
        ("import subprocess\n\nsubprocess.run('ls', shell=True)\n", "S602"),
        ("import tarfile\n\ntarfile.open('x').extractall()\n", "S202"),
    ],
)
def test_that_the_linter_refuses_what_could_run_code(snippet, rule):
    command = [sys.executable, "-m", "ruff", "check", "--config", ROOT / "pyproject.toml", "--no-cache", "--output-format", "concise"]
    found = subprocess.run(
        [*command, "--stdin-filename", ROOT / "unetstudio" / "new.py", "-"], input=snippet, capture_output=True, text=True, check=False
    )
    assert found.returncode == 1 and f": {rule} " in found.stdout
