"""The page in a real browser: silent, within its policy, and nowhere wider than the screen."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
VIOLATIONS = """
window.broken = [];
addEventListener("securitypolicyviolation", event => broken.push(event.blockedURI));
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield running
        running.close()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_and_stays_silent(
    language: str, width: int, scheme: str, browser: Any, written: Mapping[str, Path]
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.add_init_script(VIOLATIONS)
    page.goto(written[language].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("window.broken") == []
    assert said == []
    assert page.evaluate("getComputedStyle(document.body).maxWidth") != "none"  # the style works
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#report"
    context.close()


TOO_WIDE = """() => [...document.querySelectorAll(".scroll")]
  .filter(box => box.scrollWidth > box.clientWidth + 1)
  .map(box => box.getAttribute("aria-label"))"""


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [768, 960, 1000, 1200, 1400])
def test_no_table_scrolls_sideways_on_a_screen_wider_than_a_phone(
    language: str, width: int, browser: Any, written: Mapping[str, Path]
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    page = context.new_page()
    page.goto(written[language].as_uri())
    assert page.evaluate(TOO_WIDE) == []
    context.close()


def test_the_policy_stops_what_gets_in(browser: Any, written: Mapping[str, Path]) -> None:
    """A page that was tampered with: the script does not run, and the violation is seen."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.add_init_script(VIOLATIONS)
    html = written["en"].read_text("utf-8").replace("</main>", "<script>ran = 1</script></main>")
    tampered = written["en"].with_name("tampered.html")
    tampered.write_text(html, "utf-8")
    page.goto(tampered.as_uri())
    assert page.evaluate("typeof ran") == "undefined"
    assert page.evaluate("window.broken") == ["inline"]
    context.close()


STRIP = """side => {
  for (const box of document.querySelectorAll(".scroll")) {
    if (box.scrollWidth <= box.clientWidth + 40) continue;
    box.scrollIntoView({ block: "start", behavior: "instant" });
    const { left, right, top } = box.getBoundingClientRect();
    return { x: side === "left" ? left : right - 8, y: top, width: 8, height: 100 };
  }
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_shadow_tells_on_which_side_a_table_goes_on(
    scheme: str, browser: Any, written: Mapping[str, Path]
) -> None:
    """Where nothing more is, the edge looks as it would without."""
    context = browser.new_context(
        viewport={"width": 360, "height": 900}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    page.goto(written["en"].as_uri())

    def shaded(side: str) -> bool:
        seen = page.screenshot(clip=page.evaluate(STRIP, side))
        page.evaluate(
            "document.querySelectorAll('.scroll').forEach(one => one.style = 'background: none')"
        )
        plain = page.screenshot(clip=page.evaluate(STRIP, side))
        page.evaluate("document.querySelectorAll('.scroll').forEach(one => one.style = '')")
        return bool(seen != plain)

    assert [shaded("left"), shaded("right")] == [False, True]
    page.evaluate("document.querySelectorAll('.scroll').forEach(one => one.scrollLeft = 20)")
    assert [shaded("left"), shaded("right")] == [True, True]
    page.evaluate("document.querySelectorAll('.scroll').forEach(one => one.scrollLeft = 9999)")
    assert [shaded("left"), shaded("right")] == [True, False]
    context.close()


def test_it_prints_on_a4(browser: Any, written: Mapping[str, Path]) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(written["en"].as_uri())
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 688, "height": 1000})  # 182 mm between the margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 688
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    context.close()
