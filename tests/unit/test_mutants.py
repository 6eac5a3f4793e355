"""Changes to the rules: which there are, that each is made, and that those explained away are still there."""

import ast

from tests.mutants import run
from tests.mutants.changes import changed, changes

SOURCE = '''
LIMIT = 3
TABLE = {1: "a", 2: "b"}

def free(now: int, until: int = 0) -> bool:
    """Whether it is."""
    if now < until and until:
        wait(now)
        return False
    return not until
'''


def told(kind: str) -> set[tuple[str, str]]:
    return {(each.before, each.after) for each in changes("x.py", SOURCE) if each.kind == kind}


def test_each_kind_of_change_is_found_where_it_can_be_made() -> None:
    assert told("comparison turned") == {("now < until", "now <= until"), ("now < until", "now >= until")}
    assert told("and made or") == {("now < until and until", "now < until or until")}
    assert told("statement dropped") == {("wait(now)", "nothing")}
    assert ("if now < until and until:", "if False:") in told("branch removed")
    assert told("entry dropped") == {("{1: 'a'}", "nothing"), ("{2: 'b'}", "nothing")}
    assert told("return changed") == {("return False", "return"), ("return not until", "return")}
    assert told("constant changed") == {(str(n), str(n + 1)) for n in (0, 1, 2, 3)} | {("False", "True")}


def test_each_change_is_made_alone_and_can_be_loaded() -> None:
    as_it_is = ast.unparse(ast.parse(SOURCE))
    found = changes("x.py", SOURCE)
    made = [ast.unparse(changed(SOURCE, each)) for each in found]
    assert as_it_is not in made
    assert len({(each.node, each.variant) for each in found}) == len(found)
    for each in found:
        compile(changed(SOURCE, each), "x.py", "exec")


def test_what_is_explained_as_no_change_still_stands_in_the_rules() -> None:
    explained = set(run.explained())
    paths = {key[0] for key in explained}
    texts = run.sources()
    there = {each.key for path in paths for each in changes(path, texts[path])}
    assert explained - there == set(), "take these out of tests/mutants/equivalent.toml"


def test_the_tests_that_are_run_on_each_change_are_there() -> None:
    named = run.tests(None)
    assert len(named) > len(run.TESTS)
    assert all((run.ROOT / each.partition("::")[0]).exists() for each in named)
