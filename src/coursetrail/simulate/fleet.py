"""The fleet of 2013: how many learners came with which browser, system and device, and how each names itself.

The counts add up to the published browsers; devices follow the published shares. A pattern's `{name}` stands for one
of the wordings of that name in `wordings.py`, `{10-99}` for a number.
"""

from typing import NamedTuple


class Fleet(NamedTuple):
    """One browser on one system and device: its learners among 21,790, and patterns of its user agents."""

    browser: str
    system: str
    device: str
    learners: int
    patterns: tuple[str, ...]


_WEBKIT = "Mozilla/5.0 ({}) {{}} Safari/537.36"
_OLD = "Mozilla/5.0 ({windows}) {old_chrome} "
_PUFFIN = "Mozilla/5.0 (X11; U; Linux x86_64; {locale}) {puffin}"
_IPAD, _IPHONE, _IPOD = (
    f"Mozilla/5.0 ({device}; CPU {system} {{ios}}"
    for device, system in (("iPad", "OS"), ("iPhone", "iPhone OS"), ("iPod", "iPhone OS"))
)

DESKTOPS = (
    Fleet("Chrome", "Windows", "desktop", 8_640, ("Mozilla/5.0 ({windows}) {chrome} Safari/537.36{toolbar}",)),
    Fleet("Chrome", "Mac", "desktop", 2_050, ("Mozilla/5.0 (Macintosh; {mac}) {chrome} Safari/537.36",)),
    Fleet("Chrome", "GNU/Linux", "desktop", 330, ("Mozilla/5.0 (X11; Linux {bits}) {chrome} Safari/537.36",)),
    Fleet("Chrome", "Chrome OS", "desktop", 48, ("Mozilla/5.0 (X11; CrOS {cros}) {chrome} Safari/537.36",)),
    Fleet("Chrome", "unknown", "unknown", 70, ("Mozilla/5.0 (Unknown; U; {locale}) {chrome} Safari/537.36",)),
    Fleet("Chrome", "Google TV", "tv", 4, ("Mozilla/5.0 (Linux; GoogleTV 3.2; {tv}) {tv_chrome} Safari/534.24",)),
    Fleet("Firefox", "Windows", "desktop", 4_640, ("Mozilla/5.0 ({windows}; {firefox}{firefox_extra}",)),
    Fleet("Firefox", "Mac", "desktop", 640, ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.{5-9}; {firefox}",)),
    Fleet("Firefox", "Ubuntu", "desktop", 230, ("Mozilla/5.0 (X11; Ubuntu; Linux {bits}; {firefox}",)),
    Fleet("Firefox", "GNU/Linux", "desktop", 150, ("Mozilla/5.0 (X11; Linux {bits}; {firefox}",)),
    Fleet("Firefox", "Fedora", "desktop", 12, ("Mozilla/5.0 (X11; Fedora; Linux {bits}; {firefox}",)),
    Fleet("Internet Explorer", "Windows", "desktop", 2_273, ("{explorer}", "{old_explorer}{net}{office})")),
    Fleet("Internet Explorer", "Windows RT", "tablet", 14, ("Mozilla/5.0 ({explorer_rt}; Touch)",)),
    Fleet("Internet Explorer", "Windows", "tablet", 46, ("Mozilla/5.0 ({explorer_touch}; Touch{maker})",)),
    Fleet("Internet Explorer", "Windows", "console", 1, ("Mozilla/5.0 ({explorer_9}; Xbox)",)),
    Fleet("Chrome Frame", "Windows", "desktop", 21, ("{old_explorer}; chromeframe/27.0.{1450-1456}.{90-116}{net})",)),
    Fleet("Safari", "Mac", "desktop", 1_331, ("Mozilla/5.0 (Macintosh; {mac_safari}",)),
    Fleet("Safari", "Windows", "desktop", 37, ("Mozilla/5.0 ({windows}) {windows_safari}",)),
    Fleet("Opera", "Windows", "desktop", 315, ("Opera/9.80 ({windows}) {opera}", "{opera_15}")),
    Fleet("Opera", "Mac", "desktop", 22, ("Opera/9.80 (Macintosh; Intel Mac OS X 10.8.{2-4}) {opera}",)),
    Fleet("Opera", "GNU/Linux", "desktop", 10, ("Opera/9.80 (X11; Linux {bits}) {opera}",)),
    Fleet("Opera", "unknown", "unknown", 6, ("Opera/9.80 (U; {locale}) {opera}",)),
    Fleet("Opera", "Opera TV", "tv", 2, ("Opera/9.80 (Linux mips; U; InettvBrowser/2.2 ({sony}; {locale}) {opera}",)),
    Fleet("Chromium", "Ubuntu", "desktop", 114, ("Mozilla/5.0 (X11; Linux {bits}) {chromium} Safari/537.36",)),
    Fleet("Maxthon", "Windows", "desktop", 47, ("Mozilla/5.0 ({windows}) {maxthon}",)),
    Fleet("Sogou Explorer", "Windows", "desktop", 28, (f"{_OLD}Safari/535.11 SE 2.X MetaSr 1.0",)),
    Fleet("Yandex Browser", "Windows", "desktop", 22, (f"{_OLD}YaBrowser/1.7.1364.{{12000-21000}} Safari/537.22",)),
    Fleet("Iceweasel", "GNU/Linux", "desktop", 16, ("Mozilla/5.0 (X11; Linux {bits}; {iceweasel}",)),
    Fleet("Iron", "Windows", "desktop", 15, ("Mozilla/5.0 ({windows}) {iron} Safari/537.36",)),
    Fleet("RockMelt", "Windows", "desktop", 12, (f"{_OLD}RockMelt/0.16.91.{{480-489}} Safari/535.11",)),
    Fleet("Amigo", "Windows", "desktop", 8, ("Mozilla/5.0 ({windows}) {amigo} MRCHROME SOC Safari/537.36",)),
    Fleet("CoolNovo", "Windows", "desktop", 7, (f"{_OLD}CoolNovo/2.0.{{4-9}}.{{10-22}} Safari/537.1",)),
    Fleet("Liebao", "Windows", "desktop", 7, (f"{_OLD}Safari/537.36 LBBROWSER",)),
    Fleet("SeaMonkey", "Windows", "desktop", 7, ("Mozilla/5.0 ({windows}; {firefox} SeaMonkey/2.{17-20}",)),
    Fleet("Pale Moon", "Windows", "desktop", 6, ("Mozilla/5.0 ({windows}; {firefox} PaleMoon/20.{0-3}",)),
    Fleet("QQ Browser", "Windows", "desktop", 6, (f"{_OLD}Safari/537.36 QQBrowser/7.4.{{13800-14100}}.400",)),
    Fleet("CometBird", "Windows", "desktop", 5, ("Mozilla/5.0 ({windows}; {firefox} CometBird/11.0",)),
    Fleet("IceDragon", "Windows", "desktop", 3, ("Mozilla/5.0 ({windows}; {firefox} IceDragon/21.0.0.{1-2}",)),
    Fleet("Camino", "Mac", "desktop", 3, ("Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.{4-6}; {camino}",)),
    Fleet("Baidu Spark", "Windows", "desktop", 2, (f"{_OLD}Spark/26.3.9999.{{1800-1999}} Safari/537.36",)),
    Fleet("Avant Browser", "Windows", "desktop", 1, ("{old_explorer}; Avant Browser{net})",)),
    Fleet("Thunderbird", "Windows", "desktop", 1, ("Mozilla/5.0 ({windows}; rv:17.0) {thunderbird}",)),
    Fleet("Epic", "Windows", "desktop", 1, (f"{_OLD}Epic/28.0.1500.0 Safari/537.36",)),
    Fleet("Lunascape", "Windows", "desktop", 1, ("Mozilla/5.0 ({windows}; {firefox} Lunascape/6.8.{5-7}",)),
    Fleet("Opera Next", "Windows", "desktop", 1, ("{opera_15} (Edition Next)",)),
    Fleet("Flock", "Windows", "desktop", 1, ("Mozilla/5.0 (Windows; U; {windows}; {locale}; {flock}",)),
    Fleet("GNOME Web", "GNU/Linux", "desktop", 1, ("Mozilla/5.0 (X11; Linux {bits}) {epiphany}",)),
    Fleet("AdobeAIR", "Windows", "desktop", 1, ("Mozilla/5.0 (Windows; U; {locale}) {air}",)),
    Fleet("Midori", "GNU/Linux", "desktop", 1, ("Mozilla/5.0 (X11; Linux {bits}) {midori}",)),
    Fleet("unknown", "unknown", "unknown", 4, ("",)),
)

MOBILES = (
    Fleet("Mobile Safari", "iOS", "tablet", 1_268, (f"{_IPAD}",)),
    Fleet("Mobile Safari", "iOS", "smartphone", 451, (f"{_IPHONE}",)),
    Fleet("Mobile Safari", "iOS", "portable media player", 46, (f"{_IPOD}",)),
    Fleet("Chrome Mobile iOS", "iOS", "tablet", 125, ("Mozilla/5.0 (iPad; CPU OS {ios_chrome}",)),
    Fleet("Chrome Mobile iOS", "iOS", "smartphone", 60, ("Mozilla/5.0 (iPhone; CPU iPhone OS {ios_chrome}",)),
    Fleet("Chrome", "Android", "tablet", 260, ("Mozilla/5.0 (Linux; {tablet_4}) {android_chrome} Safari/537.36",)),
    Fleet("Chrome Mobile", "Android", "smartphone", 186, ("Mozilla/5.0 (Linux; {phone_4}) {mobile_chrome}",)),
    Fleet("Chrome Mobile", "Android", "phablet", 12, ("Mozilla/5.0 (Linux; {phablet_4}) {mobile_chrome}",)),
    Fleet("Chrome Webview", "Android", "smartphone", 2, ("Mozilla/5.0 (Linux; {phone_4}) {webview}",)),
    Fleet("Android Browser", "Android", "smartphone", 262, ("{stock_phone_2}", "{stock_phone_4}")),
    Fleet("Android Browser", "Android", "tablet", 188, ("{stock_tablet}",)),
    Fleet("Android Browser", "Android", "phablet", 62, ("{stock_phablet}",)),
    Fleet("Dolphin", "Android", "smartphone", 2, ("{stock_phone_2} Dolphin/10.{0-3}",)),
    Fleet("ONE Browser", "Android", "smartphone", 1, ("Mozilla/5.0 (Linux; U; Android 2.3.5; {locale}) {one}",)),
    Fleet("Firefox Mobile", "Android", "tablet", 50, ("Mozilla/5.0 (Android; Tablet; {mobile_firefox}",)),
    Fleet("Firefox Mobile", "Android", "smartphone", 46, ("Mozilla/5.0 (Android; Mobile; {mobile_firefox}",)),
    Fleet("Fennec", "Android", "smartphone", 1, ("Mozilla/5.0 (Android; Linux armv7l; {fennec}",)),
    Fleet("Mobile Silk", "Fire OS", "tablet", 64, ("Mozilla/5.0 (Linux; U; {kindle}; {locale}; {silk}",)),
    Fleet("Kindle Browser", "GNU/Linux", "tablet", 3, ("Mozilla/5.0 (Linux; U; {locale}) {kindle_reader}",)),
    Fleet("Opera Mini", "iOS", "tablet", 8, ("Opera/9.80 (iPad; {mini}",)),
    Fleet("Opera Mini", "iOS", "smartphone", 9, ("Opera/9.80 (iPhone; {mini}",)),
    Fleet("Opera Mini", "BlackBerry OS", "smartphone", 5, ("Opera/9.80 (BlackBerry; {mini}",)),
    Fleet("Opera Mini", "Java ME", "unknown", 17, ("Opera/9.80 (J2ME/MIDP; {mini}",)),
    Fleet("Opera Mini", "Android", "unknown", 17, ("Opera/9.80 (Android; {mini}",)),
    Fleet("Opera Mobile", "Android", "smartphone", 12, ("Opera/9.80 (Android {android_old}; Linux; Opera Mobi/{mobi}",)),
    Fleet("Opera Mobile", "Android", "tablet", 9, ("Opera/9.80 (Android {android_old}; Linux; Opera Tablet/{mobi}",)),
    Fleet("BlackBerry Browser", "BlackBerry OS", "smartphone", 30, ("{blackberry}", "{blackberry_10}")),
    Fleet("BlackBerry Browser", "BlackBerry Tablet OS", "tablet", 12, ("{playbook}",)),
    Fleet("IE Mobile", "Windows Phone", "smartphone", 23, ("Mozilla/5.0 (compatible; {windows_phone})",)),
    Fleet("Puffin", "GNU/Linux", "tablet", 12, (f"{_PUFFIN}AT", f"{_PUFFIN}IT")),
    Fleet("Puffin", "GNU/Linux", "smartphone", 6, (f"{_PUFFIN}AP",)),
    Fleet("UC Browser", "Android", "smartphone", 11, ("Mozilla/5.0 (Linux; U; {uc_phone}) {uc}",)),
    Fleet("UC Browser", "Android", "phablet", 2, ("Mozilla/5.0 (Linux; U; Android 4.1.2; {locale}; GT-N7100) {uc}",)),
    Fleet("NetFront", "PlayStation", "console", 3, ("Mozilla/5.0 (PLAYSTATION 3; 4.{10-46}) {playstation}",)),
    Fleet("NetFront", "Nintendo Mobile", "console", 2, ("Mozilla/5.0 (Nintendo 3DS; U; ; en) Version/1.{7455-7498}.US",)),
    Fleet("Mercury", "iOS", "tablet", 4, ("Mozilla/5.0 (iPad; CPU OS {mercury}",)),
    Fleet("Mercury", "iOS", "smartphone", 1, ("Mozilla/5.0 (iPhone; CPU iPhone OS {mercury}",)),
    Fleet("Facebook", "iOS", "tablet", 3, ("Mozilla/5.0 (iPad; CPU OS {facebook}",)),
    Fleet("BingWebApp", "iOS", "smartphone", 1, ("Mozilla/5.0 (iPhone; CPU iPhone OS {bing}",)),
    Fleet("Nokia Browser", "Symbian^3", "smartphone", 4, ("Mozilla/5.0 (Symbian/3; Series60/5.2 {nokia}",)),
    Fleet("Nokia Ovi Browser", "Symbian OS Series 40", "smartphone", 2, ("Mozilla/5.0 (Series40; {ovi}",)),
    Fleet("wOSBrowser", "webOS", "tablet", 4, ("Mozilla/5.0 (hp-tablet; Linux; hpwOS/3.0.{2-5}; U; {locale}) {wos}",)),
)

FLEET = DESKTOPS + MOBILES

BOTS = (
    ("Googlebot", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    ("Bingbot", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    ("Yandex Bot", "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)"),
    ("Baidu Spider", "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"),
    ("aHrefs Bot", "Mozilla/5.0 (compatible; AhrefsBot/4.0; +http://ahrefs.com/robot/)"),
    ("Yahoo! Slurp", "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)"),
)
