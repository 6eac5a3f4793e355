"""What every page of ours has to be: no wider than its window, and without a fault that axe finds."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
CLIPPED = """
[document.documentElement, ...document.querySelectorAll('body *')].filter((each) =>
  each.scrollWidth > each.clientWidth + 1 && !each.closest('.unseen') &&
  getComputedStyle(each).overflowX !== 'visible').map((each) => each.outerHTML.slice(0, 80))
"""


async def fits(page: Page, where: str = "") -> None:
    """Nothing but what scrolls by itself is cut off at the side. A page that a link leads to may be in
    sight before its last style sheet is: it is measured when it has all."""
    await page.wait_for_load_state("load")
    assert not await page.evaluate(WIDER), f"{where or page.url} is wider than its window"


async def nothing_clipped(page: Page) -> None:
    """No part of the page hides a piece of what it holds."""
    await page.wait_for_load_state("load")
    assert await page.evaluate(CLIPPED) == []


async def nothing_found(page: Page, where: str = "") -> None:
    """WCAG 2.2 AA and good practice, as far as a program can see it."""
    await page.wait_for_load_state("load")
    found = await Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    assert found.violations_count == 0, f"{where or page.url}: {found.generate_report()}"
