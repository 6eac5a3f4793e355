"""Every small change that could be made to a source file, one at a time: as a syntax tree, never on disk."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
"""What a comparison is turned into: its limit moved by one, and its contrary."""

ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Change(NamedTuple):
    """One change. line, text: where it is, by number and as it is written. place: the function or class it
    is in, dotted. before, after: what is changed and into what; of a statement with a body its first line.
    node, variant: which node of the tree in walking order, and which of its changes."""

    path: str
    line: int
    text: str
    place: str
    kind: str
    before: str
    after: str
    node: int
    variant: int

    @property
    def key(self) -> tuple[str, ...]:
        """What names this change whatever the number of its line."""
        return self.path, self.place, self.text, self.before, self.after


def changes(path: str, source: str) -> list[Change]:
    """All changes to one file, in the order of its lines."""
    lines = source.splitlines()
    found = []
    for number, (node, place) in enumerate(_walk(ast.parse(source))):
        for variant, (kind, made) in enumerate(_variants(node)):
            line = _line(node)
            text, (before, after) = lines[line - 1].strip(), _told(node, made)
            found.append(Change(path, line, text, place, kind, before, after, number, variant))
    return sorted(found, key=lambda each: (each.line, each.node, each.variant))


def changed(source: str, change: Change) -> ast.Module:
    """The tree of the file with this one change made."""
    tree = ast.parse(source)
    node = next(each for number, (each, _) in enumerate(_walk(tree)) if number == change.node)
    _, made = list(_variants(node))[change.variant]
    _replace(tree, node, made)
    return ast.fix_missing_locations(tree)


def _line(node: ast.AST) -> int:
    return node.target.lineno if isinstance(node, ast.comprehension) else getattr(node, "lineno", 1)


def _told(node: ast.AST, made: ast.AST | None) -> tuple[str, str]:
    """The change in words of the language: what was there and what is."""
    if isinstance(node, ast.Dict) and isinstance(made, ast.Dict):
        left = {id(value) for value in made.values}
        at = next(at for at, value in enumerate(node.values) if id(value) not in left)
        return ast.unparse(ast.Dict([node.keys[at]], [node.values[at]])), "nothing"
    before, after = _head(node), _head(made)
    return (before, after) if before != after else (f"else of {before}", "nothing")


def _head(node: ast.AST | None) -> str:
    return "nothing" if node is None else ast.unparse(node).strip().partition("\n")[0]


def _walk(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    """Every node that does something, with the place it is in: no annotations, no docstrings."""
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, place = waiting.pop()
        yield node, place
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            place = f"{place}.{node.name}" if place else node.name
        for name, value in reversed(list(ast.iter_fields(node))):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            inner = value if isinstance(value, list) else [value]
            waiting += [(each, place) for each in reversed(inner) if isinstance(each, ast.AST)]


def _variants(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """The changes of one node: (what is done, the node in its place; None for nothing)."""
    match node:
        case ast.Compare():
            for at, op in enumerate(node.ops):
                for other in COMPARISONS[type(op)]:
                    ops = [*node.ops[:at], other(), *node.ops[at + 1 :]]
                    yield "comparison turned", ast.Compare(node.left, ops, node.comparators)
        case ast.BoolOp(op=ast.And()):
            yield "and made or", ast.BoolOp(ast.Or(), node.values)
        case ast.BoolOp(op=ast.Or()):
            yield "or made and", ast.BoolOp(ast.And(), node.values)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield "sign dropped", node.operand
        case ast.BinOp() if type(node.op) in ARITHMETIC:
            yield "operator changed", ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
        case ast.AugAssign() if type(node.op) in ARITHMETIC:
            yield "operator changed", ast.AugAssign(node.target, ARITHMETIC[type(node.op)](), node.value)
            yield "statement dropped", None
        case ast.Call(func=ast.Name(id=name)) if name in SWAPPED:
            yield "operator changed", ast.Call(ast.Name(SWAPPED[name], ast.Load()), node.args, node.keywords)
        case ast.Constant(value=bool()):
            yield "constant changed", ast.Constant(not node.value)
        case ast.Constant(value=int()):
            yield "constant changed", ast.Constant(node.value + 1)
        case ast.Expr(value=ast.Call()) | ast.Delete():
            yield "statement dropped", None
        case ast.Assign(targets=targets) if not all(isinstance(each, ast.Name) for each in targets):
            yield "statement dropped", None
        case ast.Return(value=ast.expr()) if not _is_none(node.value):
            yield "return changed", ast.Return(None)
        case ast.Return():
            yield "return changed", None
        case ast.Break() | ast.Continue():
            yield "loop goes on", None
        case ast.Dict(keys=keys) if len(keys) > 1:
            for at in range(len(keys)):
                rest = ast.Dict([*keys[:at], *keys[at + 1 :]], [*node.values[:at], *node.values[at + 1 :]])
                yield "entry dropped", rest
        case ast.If():
            yield "condition negated", ast.If(_not(node.test), node.body, node.orelse)
            yield "branch removed", ast.If(ast.Constant(False), node.body, node.orelse)
            if node.orelse:
                yield "branch removed", ast.If(node.test, node.body, [])
        case ast.While():
            yield "condition negated", ast.While(_not(node.test), node.body, node.orelse)
        case ast.IfExp():
            yield "condition negated", ast.IfExp(_not(node.test), node.body, node.orelse)
        case ast.comprehension(ifs=ifs) if ifs:
            for at, test in enumerate(ifs):
                made = [*ifs[:at], _not(test), *ifs[at + 1 :]]
                yield "condition negated", ast.comprehension(node.target, node.iter, made, node.is_async)


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _not(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), test)


def _replace(tree: ast.Module, node: ast.AST, made: ast.AST | None) -> None:
    """Put `made` where `node` stands; a statement that is dropped leaves `pass`."""
    put = made if made is not None else ast.Pass()
    ast.copy_location(put, node)
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, name, put)
                return
            if isinstance(value, list):
                for at, each in enumerate(value):
                    if each is node:
                        value[at] = put
                        return
    raise LookupError(ast.dump(node))
