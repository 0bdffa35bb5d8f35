"""Why what a person asked for is not done, in the languages that pages have.

Commands say the English sentence; a page says the one of its reader (dashboards.console.generate writes them for it).
"""

import re
from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, Final

import msgspec

from streams.errors import PulsewatchError, Unavailable, UsageError

REFUSALS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "campaign_name": ("活动要有名称，最多 {max} 个字符", "a campaign has a name of at most {max} characters"),
    "campaign_place": ("请填写活动所在{scope}的编号", "name the {scope} that the campaign is about"),
    "campaign_brand": (
        "请填写该{scope}所属的品牌，活动会显示它的警报和评论",
        "name the brand of the {scope}, whose alerts and comments are looked at",
    ),
    "campaign_times": ("活动的结束时间要晚于开始时间", "a campaign ends after it starts"),
    "campaign_length": ("活动最长 {days} 天", "a campaign lasts {days} days at most"),
    "campaigns_full": ("已有 {count} 个活动，请先移除一个", "there are {count} campaigns already: remove one"),
    "campaign_unknown": ("没有编号为 {campaign} 的活动", "there is no campaign {campaign}"),
    "campaign_idle": ("{campaign} 现在不在进行中", "{campaign} does not run now"),
    "campaign_id": ("{campaign} 不是活动的编号", "{campaign} is no campaign's id"),
    "place_unheard": (
        "过去 24 小时没有收到{scope} {id} 的任何数据，编号对吗？",
        "nothing was heard of the {scope} {id} in the last 24 hours: is the id right?",
    ),
    "alert_unknown": ("没有警报 {alert}", "there is no alert {alert}"),
    "silence_length": ("静默时长为 0 到 {minutes} 分钟", "a silence lasts 0 to {minutes} minutes"),
    "no_login": ("这个控制台不需要登录", "this console has no login"),
    "login_needed": ("请先登录", "give your token at /login"),
    "token_unknown": ("令牌不对", "this token is not known"),
    "tokens_too_many": (
        "这个地址输错令牌的次数太多，请一分钟后再试",
        "too many wrong tokens from this address: try again in a minute",
    ),
    "viewer": ("{name} 只能查看，不能操作", "{name} may look, not decide"),
    "pages_too_many": (
        "打开的实时页面太多，请关闭一些；本页会较慢刷新",
        "too many live pages are open: close some; this one is refreshed less often",
    ),
    "too_large": ("内容超过 {bytes} 字节", "more than {bytes} bytes"),
    "no_catalogue": ("没有设置品牌库：请设置 PULSEWATCH_BRANDS", "there is no catalogue: set PULSEWATCH_BRANDS"),
    "catalogue_moved": (
        "文件已被别人改过，请看过之后再保存",
        "somebody else has changed the file meanwhile: look at it again, then save",
    ),
    "catalogue_unwritable": (
        "控制台无法写入 {file}（{reason}）：它所在的文件夹须归控制台所有",
        "{file} cannot be written by the console ({reason}): its folder must be its own",
    ),
    "brand_not_put": (
        "{file}：{brand} 无法单独写入这个文件，请直接编辑文件",
        "{file}: {brand} cannot be put into this file by itself: edit the file",
    ),
    "brand_not_taken": (
        "{file}：{brand} 无法单独从这个文件移除，请直接编辑文件",
        "{file}: {brand} cannot be taken out of this file by itself: edit the file",
    ),
    "brand_unknown": ("{file}：没有品牌 {brand}", "{file}: there is no brand {brand}"),
    "brand_is_rival": (
        "{brand} 是 {others} 的竞品，请先在那里移除",
        "{brand} is a rival of {others}: take it out there first",
    ),
    "faults_at": ("{file} 第 {line} 行：{faults}", "{file}:{line}: {faults}"),
    "faults_more": ("还有其他问题", "and more"),
    "file_unread": ("{file}：无法读取（{reason}）", "{file}: cannot be read: {reason}"),
    "file_encoding": ("{file}：第 {byte} 个字节不是 UTF-8", "{file}: not UTF-8 at byte {byte}"),
    "file_empty": ("文件是空的", "the file is empty"),
    "file_tab": ("用了制表符：YAML 只用空格缩进", "a tab: YAML is indented by spaces"),
    "file_yaml": ("不是有效的 YAML（{detail}）", "not YAML: {detail}"),
    "json": ("不是有效的 JSON（{detail}）", "not JSON: {detail}"),
    "field_unknown": ("`{where}` 没有字段 `{field}`", "Object contains unknown field `{field}` - at `{where}`"),
    "field_missing": ("`{where}` 缺少字段 `{field}`", "Object missing required field `{field}` - at `{where}`"),
    "field_type": ("`{where}` 应为 `{wanted}`，不是 `{got}`", "Expected `{wanted}`, got `{got}` - at `{where}`"),
    "field_quotes": (
        "`{where}` 应为 `{wanted}`，不是 `{got}`：请加引号",
        "Expected `{wanted}`, got `{got}` - at `{where}`: write it in quotes",
    ),
    "field_list": (
        "`{where}` 应为 `{wanted}`，不是 `{got}`：请写成方括号里的列表",
        "Expected `{wanted}`, got `{got}` - at `{where}`: write it as a list, in brackets",
    ),
    "field_length": (
        "`{where}` 的长度应 {limit}，类型为 `{wanted}`",
        "Expected `{wanted}` of length {limit} - at `{where}`",
    ),
    "field_choice": ("`{where}` 不能是 `{value}`", "Invalid enum value `{value}` - at `{where}`"),
    "field_wrong": ("`{where}` 不合格式（{detail}）", "{detail} - at `{where}`"),
    "brand_twice": ("有两个品牌叫 {brand}", "two brands are called {brand}"),
    "brand_nameless": (
        "{brand} 没有名称、账号、话题或产品，没有文本会与它有关",
        "{brand} has no name, handle, hashtag or product: no text can be about it",
    ),
    "brand_empty_name": ("{brand}：有一个名称是空的", "{brand}: one of its names is empty"),
    "brand_context": ("{brand}：有歧义的名称需要 `context`", "{brand}: its ambiguous names need `context`"),
    "brand_time_zone": (
        "{brand}：{zone} 不是 IANA 数据库的时区，例如 Asia/Shanghai",
        "{brand}: {zone} is no time zone of the IANA database, such as Asia/Shanghai",
    ),
    "brand_currency": (
        "{brand}：货币 {currency} 不是 ISO 4217 的代码，例如 CNY",
        "{brand}: currency {currency} is none of ISO 4217, such as CNY",
    ),
    "brand_country": (
        "{brand}：管辖地 {country} 不是国家代码，例如 CN",
        "{brand}: jurisdiction {country} is no country's code, such as CN",
    ),
    "brand_language": (
        "{brand}：语言 {language} 不是 ISO 639 的代码，例如 zh",
        "{brand}: language {language} is no code of ISO 639, such as zh",
    ),
    "brand_rival": ("{brand}：竞品 {rival} 不在文件里", "{brand}: its rival {rival} is not in the file"),
    "brands_no_list": ("{file}：`brands` 不是列表", "{file}: `brands` is no list"),
    "redis_away": ("Redis 没有响应，请稍后再试", "Redis does not answer: try again later"),
    "page_broken": (
        "这个页面无法读取，原因见控制台的日志",
        "this page cannot be read; the console's log says why",
    ),
})  # fmt: skip
"""(Chinese, English) by name; `{scope}` is room, brand or product."""


class Refused(UsageError):
    """What was asked for cannot be done, for a reason of REFUSALS; `facts` fill its places, reasons among them too."""

    def __init__(self, why: str, **facts: Any) -> None:
        super().__init__(REFUSALS[why][1].format(**{name: _said(fact) for name, fact in facts.items()}))
        self.why = why
        self.facts = facts


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why something was not done: in English, and for a page in another language by its name in REFUSALS. A fact that
    is made of other reasons is a list of problems."""

    error: str
    why: str = ""
    facts: Mapping[str, Any] = {}


def problem_of(error: PulsewatchError) -> Problem:
    """An error as pages show it: of a file's path the name alone."""
    if not isinstance(error, Refused):
        return Problem(str(error), "redis_away" if isinstance(error, Unavailable) else "")
    facts = {**error.facts, "file": PurePath(error.facts["file"]).name} if "file" in error.facts else error.facts
    told = {
        name: [problem_of(one) for one in fact] if isinstance(fact, tuple) else fact for name, fact in facts.items()
    }
    return Problem(str(Refused(error.why, **facts)), error.why, told)


def field_fault(message: str) -> Refused:
    """What msgspec finds wrong in a value: `Expected `str`, got `int` - at `$.brands[0].id``."""
    detail, _, where = message.partition(" - at `")
    where = where.rstrip("`") or "$"
    for pattern, why in _FIELD_FAULTS:
        if found := pattern.fullmatch(detail):
            return Refused(why, where=where, **found.groupdict())
    return Refused("field_wrong", where=where, detail=detail)


def _said(fact: Any) -> Any:
    return "; ".join(map(str, fact)) if isinstance(fact, tuple) else fact


_FIELD_FAULTS: Final = (
    (re.compile(r"Object contains unknown field `(?P<field>[^`]*)`"), "field_unknown"),
    (re.compile(r"Object missing required field `(?P<field>[^`]*)`"), "field_missing"),
    (re.compile(r"Expected `(?P<wanted>[^`]*)` of length (?P<limit>.*)"), "field_length"),
    (re.compile(r"Expected `(?P<wanted>array)`, got `(?P<got>str)`"), "field_list"),
    (re.compile(r"Expected `(?P<wanted>str[^`]*)`, got `(?P<got>int|float|bool)`"), "field_quotes"),
    (re.compile(r"Expected `(?P<wanted>[^`]*)`, got `(?P<got>[^`]*)`"), "field_type"),
    (re.compile(r"Invalid enum value ['`]?(?P<value>[^'`]*)['`]?"), "field_choice"),
)
"""What msgspec says, and the reason that it is; the first that fits. A bare `105`, `on` or `no` is what YAML reads as a
number or a truth where a text is meant."""
