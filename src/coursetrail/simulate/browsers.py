"""The browsers of 2013: how many learners had each browser, system and device, and their user agents.

The counts add up to the published browsers; devices follow the published shares. Names are those of Matomo's
device detector today: Cheetah Browser, Puffin Web Browser and Microsoft Bing were Liebao, Puffin and
BingWebApp, and QuickLook is recognised as Safari.

A pattern's `{name}` stands for one of the templates of that name in `user_agent_templates.py`, `{10-99}` for a number.
"""

from typing import NamedTuple


class BrowserRow(NamedTuple):
    """One browser on one system and device: its learners among 21,790, and the pattern of its user agents."""

    browser: str
    system: str
    device: str
    learners: int
    pattern: str


_ROWS = {
    "desktop": (
        ("Chrome", "Windows", 8_640, "Mozilla/5.0 ({windows}) {chrome} Safari/537.36{toolbar}"),
        ("Chrome", "Mac", 2_050, "Mozilla/5.0 (Macintosh; {mac}) {chrome} Safari/537.36"),
        ("Chrome", "GNU/Linux", 330, "Mozilla/5.0 (X11; Linux {bits}) {chrome} Safari/537.36"),
        ("Chrome", "Chrome OS", 48, "Mozilla/5.0 (X11; CrOS {cros}) {chrome} Safari/537.36"),
        ("Firefox", "Windows", 4_640, "Mozilla/5.0 ({windows}; {firefox}{firefox_extra}"),
        ("Firefox", "Mac", 640, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.{5-9}; {firefox}"),
        ("Firefox", "Ubuntu", 230, "Mozilla/5.0 (X11; Ubuntu; Linux {bits}; {firefox}"),
        ("Firefox", "GNU/Linux", 150, "Mozilla/5.0 (X11; Linux {bits}; {firefox}"),
        ("Firefox", "Fedora", 12, "Mozilla/5.0 (X11; Fedora; Linux {bits}; {firefox}"),
        ("Internet Explorer", "Windows", 2_273, "{explorer}"),
        ("Chrome Frame", "Windows", 21, "{old_explorer}; chromeframe/27.0.{1450-1456}.{90-116}{net})"),
        ("Safari", "Mac", 1_331, "Mozilla/5.0 (Macintosh; {mac_safari}"),
        ("Safari", "Windows", 37, "Mozilla/5.0 ({windows}) {windows_safari}"),
        ("Opera", "Windows", 315, "{opera_on_windows}"),
        ("Opera", "Mac", 22, "Opera/9.80 (Macintosh; Intel Mac OS X 10.8.{2-4}) {opera}"),
        ("Opera", "GNU/Linux", 10, "Opera/9.80 (X11; Linux {bits}) {opera}"),
        ("Chromium", "Ubuntu", 114, "Mozilla/5.0 (X11; Linux {bits}) {chromium} Safari/537.36"),
        ("Maxthon", "Windows", 47, "Mozilla/5.0 ({windows}) {maxthon}"),
        ("Sogou Explorer", "Windows", 28, "{chrome_kin} Safari/535.11 SE 2.X MetaSr 1.0"),
        ("Yandex Browser", "Windows", 22, "{chrome_kin} YaBrowser/1.7.1364.{12000-21000} Safari/537.22"),
        ("Iceweasel", "GNU/Linux", 16, "Mozilla/5.0 (X11; Linux {bits}; {iceweasel}"),
        ("Iron", "Windows", 15, "Mozilla/5.0 ({windows}) {iron} Safari/537.36"),
        ("RockMelt", "Windows", 12, "{chrome_kin} RockMelt/0.16.91.{480-489} Safari/535.11"),
        ("Amigo", "Windows", 8, "Mozilla/5.0 ({windows}) {amigo} MRCHROME SOC Safari/537.36"),
        ("CoolNovo", "Windows", 7, "{chrome_kin} CoolNovo/2.0.{4-9}.{10-22} Safari/537.1"),
        ("Cheetah Browser", "Windows", 7, "{chrome_kin} Safari/537.36 LBBROWSER"),
        ("SeaMonkey", "Windows", 7, "Mozilla/5.0 ({windows}; {firefox} SeaMonkey/2.{17-20}"),
        ("Pale Moon", "Windows", 6, "Mozilla/5.0 ({windows}; {firefox} PaleMoon/20.{0-3}"),
        ("QQ Browser", "Windows", 6, "{chrome_kin} Safari/537.36 QQBrowser/7.4.{13800-14100}.400"),
        ("CometBird", "Windows", 5, "Mozilla/5.0 ({windows}; {firefox} CometBird/11.0"),
        ("IceDragon", "Windows", 3, "Mozilla/5.0 ({windows}; {firefox} IceDragon/21.0.0.{1-2}"),
        ("Camino", "Mac", 3, "Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.{4-6}; {camino}"),
        ("Baidu Spark", "Windows", 2, "{chrome_kin} Spark/26.3.9999.{1800-1999} Safari/537.36"),
        ("Avant Browser", "Windows", 1, "{old_explorer}; Avant Browser{net})"),
        ("Thunderbird", "Windows", 1, "Mozilla/5.0 ({windows}; rv:17.0) Gecko/20130620 Thunderbird/17.0.7"),
        ("Epic", "Windows", 1, "{chrome_kin} Epic/28.0.1500.0 Safari/537.36"),
        ("Lunascape", "Windows", 1, "Mozilla/5.0 ({windows}; {firefox} Lunascape/6.8.{5-7}"),
        ("Opera Next", "Windows", 1, "{opera_15} (Edition Next)"),
        ("Flock", "Windows", 1, "Mozilla/5.0 (Windows; U; {windows}; {locale}; {flock}"),
        ("GNOME Web", "GNU/Linux", 1, "Mozilla/5.0 (X11; Linux {bits}) {epiphany}"),
        ("AdobeAIR", "Windows", 1, "Mozilla/5.0 (Windows; U; {locale}) {air}"),
        ("Midori", "GNU/Linux", 1, "Mozilla/5.0 (X11; Linux {bits}) {midori}"),
    ),
    "tablet": (
        ("Mobile Safari", "iOS", 1_268, "Mozilla/5.0 (iPad; CPU OS {ios_safari}"),
        ("Chrome Mobile iOS", "iOS", 125, "Mozilla/5.0 (iPad; CPU OS {ios_chrome}"),
        ("Chrome", "Android", 260, "Mozilla/5.0 (Linux; {tablet}) {android_chrome} Safari/537.36"),
        ("Android Browser", "Android", 188, "{stock_tablet}"),
        ("Mobile Silk", "Fire OS", 64, "Mozilla/5.0 (Linux; U; {kindle}; {locale}; {silk}"),
        ("Firefox Mobile", "Android", 50, "Mozilla/5.0 (Android; Tablet; {mobile_firefox}"),
        ("Internet Explorer", "Windows", 46, "Mozilla/5.0 ({explorer_touch}; Touch{maker})"),
        ("Internet Explorer", "Windows RT", 14, "Mozilla/5.0 ({explorer_rt}; Touch)"),
        ("BlackBerry Browser", "BlackBerry Tablet OS", 12, "Mozilla/5.0 (PlayBook; U; {playbook}"),
        (
            "Puffin Web Browser",
            "GNU/Linux",
            12,
            "Mozilla/5.0 (X11; U; Linux x86_64; {locale}) {puffin}{puffin_tablet}",
        ),
        ("Opera Mobile", "Android", 9, "Opera/9.80 (Android {old}; Linux; Opera Tablet/{mobi}"),
        ("Opera Mini", "iOS", 8, "Opera/9.80 (iPad; {mini}"),
        ("Mercury", "iOS", 4, "Mozilla/5.0 (iPad; CPU OS {mercury}"),
        ("wOSBrowser", "webOS", 4, "Mozilla/5.0 (hp-tablet; Linux; hpwOS/3.0.{2-5}; U; {locale}) {wos}"),
        ("Facebook", "iOS", 3, "Mozilla/5.0 (iPad; CPU OS {facebook}"),
        ("Kindle Browser", "GNU/Linux", 3, "Mozilla/5.0 (Linux; U; {locale}) {kindle_reader}"),
    ),
    "smartphone": (
        ("Mobile Safari", "iOS", 451, "Mozilla/5.0 (iPhone; CPU iPhone OS {ios_safari}"),
        ("Android Browser", "Android", 262, "{stock_phone}"),
        ("Chrome Mobile", "Android", 186, "Mozilla/5.0 (Linux; {phone}) {mobile_chrome}"),
        ("Chrome Mobile iOS", "iOS", 60, "Mozilla/5.0 (iPhone; CPU iPhone OS {ios_chrome}"),
        ("Firefox Mobile", "Android", 46, "Mozilla/5.0 (Android; Mobile; {mobile_firefox}"),
        ("BlackBerry Browser", "BlackBerry OS", 30, "{blackberry}"),
        ("IE Mobile", "Windows Phone", 23, "Mozilla/5.0 (compatible; {windows_phone})"),
        ("Opera Mobile", "Android", 12, "Opera/9.80 (Android {old}; Linux; Opera Mobi/{mobi}"),
        ("UC Browser", "Android", 11, "Mozilla/5.0 (Linux; U; {uc_phone}) {uc}"),
        ("Opera Mini", "iOS", 9, "Opera/9.80 (iPhone; {mini}"),
        ("Puffin Web Browser", "GNU/Linux", 6, "Mozilla/5.0 (X11; U; Linux x86_64; {locale}) {puffin}AP"),
        ("Opera Mini", "BlackBerry OS", 5, "Opera/9.80 (BlackBerry; {mini}"),
        ("Nokia Browser", "Symbian^3", 4, "Mozilla/5.0 (Symbian/3; Series60/5.2 {nokia}"),
        ("Chrome Webview", "Android", 2, "Mozilla/5.0 (Linux; {phone}) {webview}"),
        ("Dolphin", "Android", 2, "{stock_old_phone} Dolphin/10.{0-3}"),
        ("Nokia Ovi Browser", "Symbian OS Series 40", 2, "Mozilla/5.0 (Series40; {ovi}"),
        ("Microsoft Bing", "iOS", 1, "Mozilla/5.0 (iPhone; CPU iPhone OS {bing}"),
        ("Fennec", "Android", 1, "Mozilla/5.0 (Android; Linux armv7l; {fennec}"),
        ("Mercury", "iOS", 1, "Mozilla/5.0 (iPhone; CPU iPhone OS {mercury}"),
        ("ONE Browser", "Android", 1, "Mozilla/5.0 (Linux; U; Android 2.3.5; {locale}) OneBrowser/4.2"),
    ),
    "phablet": (
        ("Android Browser", "Android", 62, "{stock_phablet}"),
        ("Chrome Mobile", "Android", 12, "Mozilla/5.0 (Linux; {phablet}) {mobile_chrome}"),
        ("UC Browser", "Android", 2, "Mozilla/5.0 (Linux; U; Android 4.1.2; {locale}; GT-N7100) {uc}"),
    ),
    "portable media player": (("Mobile Safari", "iOS", 46, "Mozilla/5.0 (iPod; CPU iPhone OS {ios_safari}"),),
    "tv": (
        ("Chrome", "Google TV", 4, "Mozilla/5.0 (Linux; GoogleTV 3.2; {tv}) {tv_chrome} Safari/534.24"),
        ("Opera", "Opera TV", 2, "Opera/9.80 (Linux mips; U; InettvBrowser/2.2 ({sony}; {locale}) {opera}"),
    ),
    "console": (
        ("NetFront", "PlayStation", 3, "Mozilla/5.0 (PLAYSTATION 3; 4.{10-46}) {playstation}"),
        ("NetFront", "Nintendo Mobile", 2, "Mozilla/5.0 (Nintendo 3DS; U; ; en) Version/1.{7455-7498}.US"),
        ("Internet Explorer", "Windows", 1, "Mozilla/5.0 ({explorer_9}; Xbox)"),
    ),
    "unknown": (
        ("Chrome", "unknown", 70, "Mozilla/5.0 (Unknown; U; {locale}) {chrome} Safari/537.36"),
        ("Opera Mini", "Android", 34, "Opera/9.80 (Android; {mini}"),
        ("Opera", "unknown", 6, "Opera/9.80 (U; {locale}) {opera}"),
        ("unknown", "unknown", 4, ""),
    ),
}
BROWSER_ROWS = tuple(
    BrowserRow(browser, system, device, learners, pattern)
    for device, rows in _ROWS.items()
    for browser, system, learners, pattern in rows
)

# Name by Matomo's device detector, and the user agent.
BOTS = (
    ("Googlebot", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    ("BingBot", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    ("YandexBot", "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)"),
    ("Baidu Spider", "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"),
    ("aHrefs Bot", "Mozilla/5.0 (compatible; AhrefsBot/4.0; +http://ahrefs.com/robot/)"),
    ("Yahoo! Slurp", "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)"),
)
