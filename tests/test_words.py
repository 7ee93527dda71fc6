"""The words of the project, its names, and the size of its modules, as CONTRIBUTING.md has them."""

import ast
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "coursetrail"
MODULES = sorted(SOURCE.rglob("*.py"))
C_FILES = sorted([*SOURCE.rglob("*.c"), *SOURCE.rglob("*.h")])
PACKAGES = [path for path in MODULES if path.name == "__init__.py" and path.parent != SOURCE]
GUIDE = ROOT / "CONTRIBUTING.md"
TEXTS = [
    *MODULES,
    *C_FILES,
    *sorted(SOURCE.rglob("*.pyi")),
    *sorted(SOURCE.rglob("*.j2")),
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "docs" / "generate.py",
    ROOT / "bench" / "README.md",
    *sorted((ROOT / "bench").rglob("*.py")),
]
LONGEST = 300

DATA = ("mended", "beginning", "layout")
"""Names in data that stay: two columns of the ledger, and a member of what a commit says."""

PYTHONS = ("tell",)
"""Names that Python gives: what a file has to have."""

TEXT_DATA = ('"nobody"', "What Becomes of It")
"""A learner and a title that simulated courses have: the same options write the same bytes."""

AS_DATA = re.compile(
    rf"""(["'`.]) (?:{"|".join(DATA)}) \b | \b (?:{"|".join(DATA)}) (?= \s* [:=] )""", re.VERBOSE | re.IGNORECASE
)
"""Such a name as data: quoted, an attribute, a keyword or an annotated field."""


def named(path: Path) -> str:
    """A file as it is called in the project."""
    return path.relative_to(ROOT).as_posix()


def words(kind: str) -> list[str]:
    """The words of the list that are checked in this way."""
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ?(\w*) ?\|$", GUIDE.read_text(), re.MULTILINE)
    return [word for listed, checked in rows if checked == kind for word in listed.split(", ")]


def text_of(path: Path) -> str:
    """What a file says; of the guide, what is not the list itself."""
    text = path.read_text()
    return text.partition("\n| instead of |")[0] if path == GUIDE else text


def listed_words_in(text: str) -> set[str]:
    """The words of the list that a text holds as whole words, also as a part of a name with underscores."""
    pattern = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words("text"))
    found = re.findall(rf"(?<![A-Za-z])(?:{pattern})(?![A-Za-z])", AS_DATA.sub("", without_data(text)), re.IGNORECASE)
    return {" ".join(word.lower().split()) for word in found}


def without_data(text: str) -> str:
    for data in TEXT_DATA:
        text = text.replace(data, "")
    return text


def definitions(tree: ast.AST) -> Iterator[str]:
    """The names that a module gives: classes, functions, arguments, variables, attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def parts(name: str) -> set[str]:
    """The words of a name in snake case or camel case."""
    return {part.lower() for part in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def code_lines(path: Path) -> int:
    """The lines of a module without blank ones, comments and docstrings."""
    text = path.read_text()
    skipped = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    counted = {
        line
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in silent
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(counted - skipped)


def code_lines_of_c(path: Path) -> int:
    """The lines of a file in C without blank ones and comments."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    return sum(1 for line in text.splitlines() if (code := line.strip()) and not code.startswith("//"))


def test_the_list_is_read() -> None:
    assert {"nobody", "slip of the pen", "mended"} <= set(words("text"))
    assert {"opening", "layout"} <= set(words("names"))
    assert len(words("text")) > 25


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# Nobody can tell", {"nobody"}),
        ("def passed_over_lines():  # a slip of\n the pen", {"slip of the pen"}),
        ("mended = _mended(line)", {"mended"}),
        ("source.mended, 'mended', mended=1, `mended`", set()),
        ("a sounder sidestep", set()),
    ],
)
def test_a_listed_word_is_found_whole_and_not_as_data(text: str, found: set[str]) -> None:
    assert listed_words_in(text) == found


def test_no_text_has_a_word_of_the_list() -> None:
    found = {named(path): sorted(listed_words_in(text_of(path))) for path in TEXTS}
    assert {path: there for path, there in found.items() if there} == {}


def test_no_name_has_a_word_of_the_list() -> None:
    listed = set(words("names"))
    found = {named(path): set(definitions(ast.parse(path.read_text()))) - {*DATA, *PYTHONS} for path in MODULES}
    bad = {path: sorted(name for name in names if parts(name) & listed) for path, names in found.items()}
    assert {path: names for path, names in bad.items() if names} == {}


def test_no_module_is_named_by_a_word_of_the_list() -> None:
    listed = {*words("names"), *words("text")}
    assert [named(path) for path in (*MODULES, *C_FILES) if parts(path.stem) & listed] == []


def test_no_class_name_is_used_twice() -> None:
    places = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(named(path))
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


@pytest.mark.parametrize("path", PACKAGES, ids=named)
def test_a_package_says_what_lives_there_and_what_it_may_import(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    assert re.search(r"\bimports?\b", text), "it says what may be imported"
    assert len([line for line in text.splitlines() if line.strip()]) <= 4


def test_no_module_is_too_long() -> None:
    lengths = {named(path): code_lines(path) for path in MODULES}
    lengths |= {named(path): code_lines_of_c(path) for path in C_FILES}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST} == {}


def test_lines_of_code_are_counted_without_words(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""One.\n\nTwo.\n"""\n\n# three\nx = 1  # four\n"""Five."""\ny = (\n    2,\n)\n')
    assert code_lines(module) == 4
