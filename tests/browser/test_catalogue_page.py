"""The catalogue's page in a real Chromium: a text tried, brands changed, added and removed, on a phone, in Chinese."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from dashboards.console.auth import read_tokens
from deploy.local.process import free_port
from deploy.local.redis import LocalRedis
from streams.catalogue.brand import read_brands
from streams.settings import Settings
from tests.browser.browser import PHONE, Browser
from tests.servers.console import Served, served

pytestmark = pytest.mark.usefixtures("no_complaints")

NARROW = (360, 740)
BRANDS = """\
brands:
  - id: apple   # ours
    display_name: "<img src=x onerror=alert(1)>"
    names: [iPhone]
    ambiguous: [苹果, Apple]
    context: [手机, store, 一个非常长的语境词一个非常长的语境词一个非常长的语境词]
    rivals: [mi]
    currency: CNY
  - {id: mi, names: [Xiaomi]}
"""


@pytest.fixture
def settings(redis_server: LocalRedis, namespace: str, tmp_path: Path) -> Settings:
    path = tmp_path / "brands.yaml"
    path.write_text(BRANDS)
    return Settings(redis=redis_server.url, namespace=namespace, kafka=f"127.0.0.1:{free_port()}", brands=path)


@pytest.fixture
def console(settings: Settings) -> Iterator[Served]:
    with served(settings) as running:
        yield running


@pytest.mark.parametrize("size", [NARROW, PHONE, (1280, 900)], ids=["narrow", "phone", "desktop"])
@pytest.mark.parametrize(("language", "title"), [("en", "Catalogue"), ("zh-Hans", "品牌库"), ("zh-Hant", "品牌庫")])
def test_catalogue_fits_every_width_in_every_language(
    console: Served, chromium: Browser, size: tuple[int, int], language: str, title: str
) -> None:
    with chromium.page(f"{console.url}/brands?lang={language}", size) as page:
        expect(page.locator("h1")).to_have_text(title)
        expect(page.locator('[data-panel="brands"] tbody tr')).to_have_count(2)
        page.locator("tr[data-brand-id=apple] button").first.click()
        expect(page.locator('[data-panel="form"]')).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_text_is_tried_and_says_why(console: Served, chromium: Browser) -> None:
    with chromium.page(f"{console.url}/brands?lang=en") as page:
        page.locator('[data-panel="try"] textarea').fill("苹果手机比 Xiaomi 贵")
        page.locator('[data-panel="try"] button').click()
        expect(page.locator('[data-figure="tried"] li')).to_have_count(2)
        expect(page.locator('[data-figure="tried"] [data-brand-id="apple"]')).to_contain_text("苹果 beside 手机")
        page.locator('[data-panel="try"] textarea').fill("nothing of the kind")
        page.locator('[data-panel="try"] button').click()
        expect(page.locator('[data-figure="tried"]')).to_contain_text("No name of any brand")


def test_brand_is_changed_and_another_added(console: Served, chromium: Browser, settings: Settings) -> None:
    assert settings.brands is not None
    with chromium.page(f"{console.url}/brands?lang=en", PHONE) as page:
        page.locator("tr[data-brand-id=mi] button").first.click()
        form = page.locator('[data-panel="form"]')
        form.locator("[name=ambiguous]").fill("小米\n")
        form.locator("[name=context]").fill("手机\n雷军")
        form.locator("[name=own_accounts]").fill("weibo 123 456")
        form.locator("[name=about]").fill("小米手机卡死了\n今天真热")
        form.locator("button.first").click()
        expect(page.locator('[data-figure="saved"]')).to_contain_text("今天真热")
        page.get_by_role("button", name="New brand").click()
        form.locator("[name=id]").fill("vivo")
        form.locator("[name=currency]").fill("yuan")
        form.locator("[name=names]").fill("vivo")
        form.locator("button.first").click()
        expect(form.get_by_role("alert")).to_contain_text("currency")
        assert ["400" in complaint for complaint in chromium.complaints] == [True]  # the browser tells of each refusal
        chromium.complaints.clear()
        form.locator("[name=currency]").fill("CNY")
        form.locator("button.first").click()
        expect(page.locator('[data-figure="saved"]')).to_be_visible()
        expect(page.locator('[data-panel="brands"] tbody tr')).to_have_count(3)
        expect(page.locator('[data-panel="changes"] li')).to_have_count(2)
    brands = {brand.id: brand for brand in read_brands(settings.brands)}
    assert (brands["mi"].ambiguous, brands["mi"].context) == (("小米",), ("手机", "雷军"))
    assert brands["mi"].own_accounts == {"weibo": ("123", "456")}
    assert brands["mi"].examples.about == ("小米手机卡死了", "今天真热")
    assert brands["vivo"].currency == "CNY"
    assert "- id: apple   # ours" in settings.brands.read_text()


@pytest.mark.parametrize(
    ("language", "remove", "sure", "what"),
    [
        ("en", "Remove mi", "Remove it", "counters and history stay"),
        ("zh-Hant", "移除 mi", "確認移除", "計數和歷史保留"),
    ],
)
def test_brand_is_removed_when_it_is_confirmed_and_brought_back(
    chromium: Browser, settings: Settings, language: str, remove: str, sure: str, what: str
) -> None:
    assert settings.brands is not None
    settings.brands.write_text(BRANDS.replace("rivals: [mi]", "rivals: []"))
    with served(settings) as console, chromium.page(f"{console.url}/brands?lang={language}", NARROW) as page:
        rows = page.locator('[data-panel="brands"] tbody tr')
        page.get_by_role("button", name=remove).click()
        asked = page.get_by_role("alertdialog")
        expect(asked).to_contain_text(what)
        expect(asked.locator("button").last).to_be_focused()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        asked.locator("button").last.click()
        expect(asked).to_have_count(0)
        assert len(read_brands(settings.brands)) == 2
        page.get_by_role("button", name=remove).click()
        asked.get_by_role("button", name=sure).click()
        expect(rows).to_have_count(1)
        assert [brand.id for brand in read_brands(settings.brands)] == ["apple"]
        page.locator('[data-panel="changes"] button').click()
        expect(rows).to_have_count(2)
        expect(page.locator('[data-panel="changes"] button')).to_have_count(0)
    assert [brand.id for brand in read_brands(settings.brands)] == ["apple", "mi"]


def test_removal_of_a_rival_says_where_it_is_needed(console: Served, chromium: Browser) -> None:
    with chromium.page(f"{console.url}/brands?lang=en") as page:
        page.get_by_role("button", name="Remove mi").click()
        page.get_by_role("button", name="Remove it").click()
        expect(page.get_by_role("alertdialog").get_by_role("alert")).to_contain_text("mi is a rival of apple")
        assert ["400" in complaint for complaint in chromium.complaints] == [True]
        chromium.complaints.clear()


def test_who_may_look_sees_no_form(settings: Settings, chromium: Browser, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("viewer bob another-long-one\n")
    with served(settings, read_tokens(tokens)) as closed:
        chromium.context.request.post(
            f"{closed.url}/api/login", data={"token": "another-long-one"}, headers={"x-pulsewatch": "1"}
        )
        with chromium.page(f"{closed.url}/brands?lang=en") as page:
            expect(page.locator('[data-panel="brands"] tbody tr')).to_have_count(2)
            expect(page.locator(".bar")).to_contain_text("bob")
            assert page.get_by_role("button", name="Edit").count() == 0
            assert page.get_by_role("button", name="New brand").count() == 0
            assert page.get_by_role("button", name="Remove").count() == 0
        chromium.context.clear_cookies()


def test_page_without_a_catalogue_says_how_to_have_one(settings: Settings, chromium: Browser) -> None:
    with (
        served(settings.model_copy(update={"brands": None})) as bare,
        chromium.page(f"{bare.url}/brands?lang=en", NARROW, expect="empty") as page,
    ):
        expect(page.locator('[data-panel="head"]')).to_contain_text("PULSEWATCH_BRANDS")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_brand_is_called_by_its_name_and_an_error_in_the_file_is_shown(
    console: Served, chromium: Browser, settings: Settings
) -> None:
    assert settings.brands is not None
    with chromium.page(f"{console.url}/brand/apple?lang=en", expect="empty") as page:
        expect(page.locator("h1")).to_have_text("<img src=x onerror=alert(1)>")
    with chromium.page(f"{console.url}/brands?lang=en") as page:
        settings.brands.write_text("brands: [{id: apple}]")
        expect(page.locator('[data-figure="problem"]')).to_contain_text("no text can be about it", timeout=20_000)
        expect(page.locator('[data-panel="brands"] tbody tr')).to_have_count(2)
