"""Who may import whom. The house stands as long as these hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ADAPTERS = sorted(
    folder.name
    for folder in (ROOT / "adapters").iterdir()
    if folder.is_dir() and not folder.name.startswith("__")
)
SDKS = {"boto3", "botocore", "libvirt", "moto", "openstack", "azure", "nbd"}
PROVIDERS = re.compile(
    r"\b(aws|amazon|ec2|ebs|boto3?|azure|openstack|nova|cinder|kvm|qemu|libvirt|virsh)\b", re.I
)

QEMU_FORMATS = "any image format is read through qemu-nbd, whoever the provider is"
NAMED_ON_PURPOSE = {
    "broker/registry.py": "the one table of adapters",
    "broker/disks/qemu.py": QEMU_FORMATS,
}
"""Files that may name a provider or its tools in code, and why."""


def modules(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def relative(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


BROKER = relative(modules(ROOT / "broker"))
ADAPTER_FILES = [
    (name, file) for name in ADAPTERS for file in relative(modules(ROOT / "adapters" / name))
]


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide who is imported"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def parsed(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text("utf-8"))


@pytest.mark.parametrize("file", BROKER)
def test_the_broker_imports_no_adapter_and_no_sdk(file: str) -> None:
    for name in imports(parsed(file)):
        top = name.partition(".")[0]
        assert top not in SDKS | {"adapters", "tests"}, f"{file} imports {name}"


@pytest.mark.parametrize("file", BROKER)
def test_the_broker_names_no_provider(file: str) -> None:
    if file in NAMED_ON_PURPOSE:
        return
    for words, line in _code_words(parsed(file)):
        assert not PROVIDERS.search(words), f"{file}:{line} names a provider: {words}"


def _code_words(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield identifiers, and strings other than docstrings, with their lines."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name.replace("_", " "), node.lineno
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name.replace("_", " "), node.lineno
            case ast.Constant(value=str(text)) if id(node) not in prose:
                yield text, node.lineno


@pytest.mark.parametrize(("adapter", "file"), ADAPTER_FILES)
def test_an_adapter_imports_only_the_broker_and_its_own(adapter: str, file: str) -> None:
    for name in imports(parsed(file)):
        top, _, rest = name.partition(".")
        assert top not in {"tests", "examples"}, f"{file} imports {name}"
        if top == "adapters" and rest:
            assert rest.partition(".")[0] == adapter, f"{file} imports {name}"
        assert not name.startswith(("broker.cli", "broker.migrate", "broker.engine")), (
            f"{file} imports {name}: the contract and the disks are all an adapter needs"
        )


@pytest.mark.parametrize("file", relative(modules(ROOT / "mappings")))
def test_mappings_hold_data_and_no_code(file: str) -> None:
    assert all(isinstance(node, ast.Expr) for node in parsed(file).body)


def loaded_by(statement: str) -> set[str]:
    """Return the top-level modules in memory after ``statement``, in a fresh interpreter."""
    script = (
        f"import sys\n{statement}\nprint(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import broker",
        "import broker; broker.open; broker.inventory; broker.model",
        "import broker; broker.providers()",
        "import broker; broker.migrate",
        "import broker.cli.app",
        *(f"import adapters.{name}" for name in ADAPTERS),
    ],
)
def test_no_sdk_is_loaded_before_an_account_is_opened(statement: str) -> None:
    assert not loaded_by(statement) & SDKS


def test_importing_the_broker_or_asking_for_help_stays_light() -> None:
    assert not loaded_by("import broker") & {"pydantic", "typer", "rich"}
    assert "pydantic" not in loaded_by("import broker.cli.app")


def test_every_public_name_is_there() -> None:
    loaded_by("import broker; [getattr(broker, name) for name in broker.__all__]")
    loaded_by("import broker, broker.survey, broker.cli.app; assert callable(broker.inventory)")
    with pytest.raises(subprocess.CalledProcessError):
        loaded_by("import broker; broker.nonsense")


@pytest.mark.parametrize("file", BROKER + [file for _, file in ADAPTER_FILES])
def test_files_stay_small(file: str) -> None:
    lines = len((ROOT / file).read_text("utf-8").splitlines())
    assert lines <= 400, f"{file} has {lines} lines: split it by nouns"
