"""Every rule of docs/customers.md has a test under its code, and every such test a rule."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "customers.md"
ROW = re.compile(r"^\| ([A-Z]\d(?:, [A-Z]\d)*) \| (?!.*→)", re.MULTILINE)  # → stands in figures
CODES = re.compile(r"test_((?:[A-Z]\d_)+)")
OF_SLOTS = {"G6"}  # of docs/customers.md's table of what slots were measured with


def rules(page: str) -> list[str]:
    return [code for row in ROW.findall(page) for code in row.split(", ")]


def named_tests(folder: Path) -> Iterator[tuple[str, str]]:
    """The code and the name of each test that says one."""
    for file in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and (said := CODES.match(node.name)):
                for code in said[1].strip("_").split("_"):
                    yield code, node.name


def test_every_rule_of_the_page_has_a_test_that_says_its_code() -> None:
    english, chinese = (set(rules(part)) for part in PAGE.read_text("utf-8").split("\n## 中文"))
    assert english == chinese, "both halves of the page tell the same rules"
    assert {"V1", "L4", "P8", "S4", "C5", "A6", "R6", "F3"} <= english
    said = {code for code, _ in named_tests(TESTS)}
    assert sorted(english - said) == [], "rules without a test"
    assert sorted(said - english - OF_SLOTS) == [], "tests of rules that the page does not tell"


def test_a_rule_without_a_test_is_found(tmp_path: Path) -> None:
    assert rules("| Z1, Z2 | new |\n| Z3 | 5 → 6 |\n| z4 | no |") == ["Z1", "Z2"]
    (tmp_path / "test_z.py").write_text(
        "def test_Z1_Y2_is() -> None: ...\ndef test_z() -> None: ..."
    )
    assert [code for code, _ in named_tests(tmp_path)] == ["Z1", "Y2"]
