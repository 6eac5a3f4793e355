"""The logical structure of a PDF: headings, paragraphs, lists, figures, and tables with rows and cells.

fpdf2 keeps a flat tree of figures; a table needs one with branches, so that a screen reader knows its cells.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from fpdf.structure_tree import StructElem, StructureTreeBuilder
from fpdf.syntax import PDFObject


class Tags(StructureTreeBuilder):
    """A tree whose branches are opened and closed; a branch and everything in it are on one page."""

    def __init__(self) -> None:
        super().__init__()
        self._branches: list[StructElem] = [self.doc_struct_elem]
        self._marked: dict[int, int] = {}
        self._kind = "Figure"

    @contextmanager
    def branch(self, kind: str, page: int) -> Iterator[None]:
        """What is added inside belongs to it."""
        parent = self._branches[-1]
        made = StructElem(f"/{kind}", parent, [], page)
        parent.k.append(made)
        self._branches.append(made)
        try:
            yield
        finally:
            self._branches.pop()

    def next_is(self, kind: str) -> None:
        """What kind the next marked content is of."""
        self._kind = kind

    def add_marked_content(
        self,
        page_number: int,
        struct_type: str,
        mcid: int | None = None,
        title: str | None = None,
        alt_text: str | None = None,
    ) -> tuple[StructElem, int]:
        """As fpdf2 calls it; the kind is the one that was announced."""
        parents = self.spid_per_page_number.setdefault(page_number, len(self.spid_per_page_number))
        parent = self._branches[-1]
        made = StructElem(
            f"/{self._kind}", parent, [] if mcid is None else [mcid], page_number, title, alt_text
        )
        parent.k.append(made)
        self.struct_tree_root.parent_tree.nums[parents].append(made)
        self._marked[page_number] = self._marked.get(page_number, 0) + 1
        return made, parents

    def next_mcid_for_page(self, page_number: int) -> int:
        """Counted by page from 0."""
        return self._marked.get(page_number, 0)

    def __iter__(self) -> Iterator[PDFObject]:
        """The root first; each element takes its page from the branch that it hangs on."""
        yield self.struct_tree_root
        yield self.doc_struct_elem
        yield self.struct_tree_root.parent_tree
        yield from self._below(self.doc_struct_elem)

    def _below(self, element: StructElem) -> Iterator[StructElem]:
        for each in element.k:
            if isinstance(each, StructElem):
                if each.pg is None:
                    each.pg = element.pg
                yield each
                yield from self._below(each)
