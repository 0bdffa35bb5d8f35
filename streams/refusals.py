"""Why what a person asked for is not done, in the languages that pages have.

Commands say the English sentence; a page says the one of its reader (dashboards.console.generate writes them for it).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from streams.errors import UsageError

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
    "redis_away": ("Redis 没有响应，请稍后再试", "Redis does not answer: try again later"),
    "page_broken": (
        "这个页面无法读取，原因见控制台的日志",
        "this page cannot be read; the console's log says why",
    ),
})  # fmt: skip
"""(Chinese, English) by name; `{scope}` is room, brand or product."""


class Refused(UsageError):
    """What was asked for cannot be done, for a reason of REFUSALS; `facts` fill its places."""

    def __init__(self, why: str, **facts: Any) -> None:
        super().__init__(REFUSALS[why][1].format(**facts))
        self.why = why
        self.facts = facts
