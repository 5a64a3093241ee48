"""report.html in a real browser, without network."""

import shutil

import pytest

from lss.report import write_report
from lss.report.validation import compare

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    # Software rendering: the machines that run tests have no graphics card.
    flags = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(two_runs, tmp_path_factory):
    return write_report(
        tmp_path_factory.mktemp("browser"),
        compare(**two_runs),
        title="<b>Title</b>",
        note="A label, no calibration.",
        training={"SRV": {"loss": [1.0, 0.5]}},
    )


@pytest.fixture
def page(browser, report):
    """The opened report; any error of a script and any request fails the test."""
    context = browser.new_context(offline=True, viewport={"width": 1100, "height": 800})
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("request", lambda r: problems.append(r.url) if r.url.startswith("http") else None)
    page.goto(report.as_uri())
    yield page
    context.close()
    assert problems == []


def test_headings_note_and_pictures_are_there(page):
    assert page.inner_text("h1") == "<b>Title</b>"
    assert page.inner_text(".note") == "A label, no calibration."
    headings = page.locator("h2").all_inner_texts()
    assert headings[:2] == ["As good as a second MD run?", "Verdict"]
    widths = page.eval_on_selector_all("img", "all => all.map(i => i.naturalWidth)")
    assert len(widths) == 10 and min(widths) > 300


def test_lights_are_told_by_words_and_shapes_as_well(page):
    first = page.locator("section").first
    assert first.locator("tbody tr").count() > 15
    assert set(first.locator(".light").all_inner_texts()) <= {"green", "amber", "red", "grey"}


@pytest.mark.parametrize("width", [1100, 420])
def test_nothing_is_wider_than_the_window(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_player_moves_the_molecule(page):
    page.wait_for_selector("#player[data-state=ready]", timeout=60_000)
    canvas = "document.querySelector('#player canvas').toDataURL()"
    before = page.evaluate(canvas)
    label = page.inner_text("#player-label")
    page.fill("#player-frame", "50")
    assert page.get_attribute("#player", "data-frame") == "50"
    assert page.inner_text("#player-label") != label
    page.wait_for_function(f"before => {canvas} !== before", arg=before)
    page.click("#player-play")
    page.wait_for_function("document.getElementById('player').dataset.frame !== '50'")
    assert page.inner_text("#player-play") == "Pause"


def test_it_can_be_printed(page):
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF") and len(pdf) > 100_000
