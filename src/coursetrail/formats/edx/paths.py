"""Paths of Open edX, the area and the action of each, and the kinds of requests that no learner makes.

`COURSE` and `SITE` have all rules, for paths below a course's address and below the host. The longest row that matches
the beginning of the path decides. A row ends at a `/` or at the end of the path; one that ends in `*` needs a further
step. The rows are the addresses that the sources of Open edX declare, of the learners' site and of Studio. Requests
without a row are recognised by `KINDS`.
"""

import re
from typing import NamedTuple


class EdxPageRule(NamedTuple):
    """A path, its area and its action."""

    path: str
    area: str
    action: str = "page_view"


class RequestKind(NamedTuple):
    """Requests that programs make: one whole step of the path has the `pattern`, as the `examples` have."""

    name: str
    pattern: re.Pattern[str]
    examples: str


COURSE = (
    EdxPageRule("", "home"),
    EdxPageRule("about", "home"),
    EdxPageRule("bookmarks", "home"),
    EdxPageRule("course", "home"),
    EdxPageRule("dates", "home"),
    EdxPageRule("home", "home"),
    EdxPageRule("info", "home"),
    EdxPageRule("outline", "home"),
    EdxPageRule("progress", "home"),
    EdxPageRule("book", "lecture"),
    EdxPageRule("courseware", "lecture"),
    EdxPageRule("edxnotes", "lecture"),
    EdxPageRule("edxnotes/*", "lecture", "other"),
    EdxPageRule("htmlbook", "lecture"),
    EdxPageRule("jump_to", "lecture"),
    EdxPageRule("jump_to_id", "lecture"),
    EdxPageRule("modx", "lecture", "other"),
    EdxPageRule("pdfbook", "lecture"),
    EdxPageRule("xblock", "lecture", "other"),
    EdxPageRule("xqueue", "quiz", "other"),
    EdxPageRule("discussion", "forum"),
    EdxPageRule("discussion/comments", "forum", "other"),
    EdxPageRule("discussion/threads", "forum", "other"),
    EdxPageRule("discussion/upload", "forum", "other"),
    EdxPageRule("discussion/users", "forum", "other"),
    EdxPageRule("course_wiki", "wiki"),
    EdxPageRule("wiki", "wiki"),
    EdxPageRule("search", "search"),
    EdxPageRule("enroll", "account"),
    EdxPageRule("ccx_coach", "admin"),
    EdxPageRule("cohorts", "admin", "other"),
    EdxPageRule("discussion/topics", "admin", "other"),
    EdxPageRule("discussions", "admin", "other"),
    EdxPageRule("enroll_staff", "admin"),
    EdxPageRule("grade_summary", "admin"),
    EdxPageRule("gradebook", "admin"),
    EdxPageRule("instructor", "admin"),
    EdxPageRule("instructor_dashboard", "admin"),
    EdxPageRule("lti_rest_endpoints", "admin", "other"),
    EdxPageRule("masquerade", "admin", "other"),
    EdxPageRule("progress/*", "admin"),
    EdxPageRule("set_course_mode_price", "admin", "other"),
    EdxPageRule("spoc_gradebook", "admin"),
    EdxPageRule("staff_grading", "admin"),
    EdxPageRule("submission_history", "admin"),
    EdxPageRule("verified_track_content", "admin", "other"),
    EdxPageRule("lti_tab", "other"),
    EdxPageRule("tab", "other"),
    EdxPageRule("teams", "other"),
)
SITE = (
    EdxPageRule("", "home"),
    EdxPageRule("courses/yt_video_metadata", "lecture", "other"),
    EdxPageRule("notification_prefs", "forum", "other"),
    EdxPageRule("notification_prefs/resubscribe", "forum"),
    EdxPageRule("notification_prefs/unsubscribe", "forum"),
    EdxPageRule("notify", "wiki", "other"),
    EdxPageRule("wiki", "wiki"),
    EdxPageRule("openassessment", "peer", "other"),
    EdxPageRule("courses", "search"),
    EdxPageRule("search", "search", "other"),
    EdxPageRule("account", "account"),
    EdxPageRule("account/password", "account", "other"),
    EdxPageRule("activate", "account"),
    EdxPageRule("activate_secondary_email", "account"),
    EdxPageRule("auth", "account", "other"),
    EdxPageRule("change_enrollment", "account", "other"),
    EdxPageRule("create_account", "account", "other"),
    EdxPageRule("dashboard", "account"),
    EdxPageRule("email_confirm", "account"),
    EdxPageRule("financial-assistance", "account"),
    EdxPageRule("i18n", "account", "other"),
    EdxPageRule("lang_pref", "account", "other"),
    EdxPageRule("login", "account"),
    EdxPageRule("login_ajax", "account", "other"),
    EdxPageRule("login_refresh", "account", "other"),
    EdxPageRule("logout", "account"),
    EdxPageRule("password", "account"),
    EdxPageRule("password_reset", "account", "other"),
    EdxPageRule("password_reset_complete", "account"),
    EdxPageRule("password_reset_confirm", "account"),
    EdxPageRule("register", "account"),
    EdxPageRule("session_language", "account", "other"),
    EdxPageRule("u", "account"),
    EdxPageRule("update_lang", "account", "other"),
    EdxPageRule("user_api", "account", "other"),
    EdxPageRule("_o", "admin", "other"),
    EdxPageRule("accounts", "admin"),
    EdxPageRule("admin", "admin"),
    EdxPageRule("api", "admin", "other"),
    EdxPageRule("api-admin", "admin"),
    EdxPageRule("assets", "admin", "other"),
    EdxPageRule("authoring", "admin"),
    EdxPageRule("checklists", "admin"),
    EdxPageRule("config", "admin", "other"),
    EdxPageRule("container", "admin"),
    EdxPageRule("course", "admin"),
    EdxPageRule("course-authoring", "admin"),
    EdxPageRule("course_info", "admin"),
    EdxPageRule("course_info_update", "admin", "other"),
    EdxPageRule("course_notifications", "admin"),
    EdxPageRule("course_rerun", "admin"),
    EdxPageRule("course_team", "admin"),
    EdxPageRule("debug", "admin"),
    EdxPageRule("event", "admin", "other"),
    EdxPageRule("export", "admin"),
    EdxPageRule("export_git", "admin"),
    EdxPageRule("export_output", "admin", "other"),
    EdxPageRule("export_status", "admin", "other"),
    EdxPageRule("favicon.ico", "admin", "other"),
    EdxPageRule("group_configurations", "admin"),
    EdxPageRule("heartbeat", "admin", "other"),
    EdxPageRule("home", "admin"),
    EdxPageRule("home_library", "admin"),
    EdxPageRule("howitworks", "admin"),
    EdxPageRule("i18n.js", "admin", "other"),
    EdxPageRule("import", "admin"),
    EdxPageRule("import_status", "admin", "other"),
    EdxPageRule("instructor_task_status", "admin", "other"),
    EdxPageRule("jsi18n", "admin", "other"),
    EdxPageRule("library", "admin"),
    EdxPageRule("maintenance", "admin"),
    EdxPageRule("media", "admin", "other"),
    EdxPageRule("notifier_api", "admin", "other"),
    EdxPageRule("oauth2", "admin", "other"),
    EdxPageRule("organizations", "admin", "other"),
    EdxPageRule("orphan", "admin"),
    EdxPageRule("performance", "admin", "other"),
    EdxPageRule("plugin", "admin"),
    EdxPageRule("preview", "admin", "other"),
    EdxPageRule("robots.txt", "admin", "other"),
    EdxPageRule("rss_proxy", "admin", "other"),
    EdxPageRule("segmentio", "admin", "other"),
    EdxPageRule("settings", "admin"),
    EdxPageRule("signin", "admin"),
    EdxPageRule("signup", "admin"),
    EdxPageRule("static", "admin", "other"),
    EdxPageRule("status", "admin", "other"),
    EdxPageRule("subsection", "admin"),
    EdxPageRule("support", "admin"),
    EdxPageRule("survey_report", "admin"),
    EdxPageRule("sysadmin", "admin"),
    EdxPageRule("tabs", "admin"),
    EdxPageRule("template", "admin", "other"),
    EdxPageRule("textbooks", "admin"),
    EdxPageRule("transcript_credentials", "admin"),
    EdxPageRule("transcript_delete", "admin", "other"),
    EdxPageRule("transcript_download", "admin", "other"),
    EdxPageRule("transcript_preferences", "admin"),
    EdxPageRule("transcript_upload", "admin", "other"),
    EdxPageRule("transcript_upload_api", "admin", "other"),
    EdxPageRule("transcripts", "admin", "other"),
    EdxPageRule("unit", "admin"),
    EdxPageRule("video_features", "admin", "other"),
    EdxPageRule("video_images", "admin", "other"),
    EdxPageRule("video_images_upload_enabled", "admin", "other"),
    EdxPageRule("videos", "admin"),
    EdxPageRule("xblock", "admin", "other"),
    EdxPageRule("xdomain_proxy.html", "admin", "other"),
    EdxPageRule("xmodule", "admin", "other"),
    EdxPageRule("support/contact_us", "other"),
)
OTHER = EdxPageRule("", "other")
FILES = ("asset-v1:", "c4x")
"""The beginning of the first step of a path to a file of a course."""
BLOCKS = {
    "video": "lecture",
    "videoalpha": "lecture",
    "problem": "quiz",
    "openassessment": "peer",
    "discussion": "forum",
}
"""The area of each kind of course block; any other kind belongs to the lecture."""
HANDLERS = RequestKind(
    "handlers of blocks and forms",
    re.compile(r"handler|handler_\w+|\w+_handler|(?:\w+_)?callback|webhooks?"),
    "`handler`, `upload_handler`, `callback`",
)
INTERFACES = RequestKind(
    "interfaces for programs",
    re.compile(r"api|\w+[_-]api|api[_-]\w+|v\d+(?:\.\d+)?|graphql|oauth2?|csrf"),
    "`api`, `user_api`, `v1`, `csrf`",
)
PARTS = RequestKind(
    "parts that a page loads",
    re.compile(r"(?:\w+[_-])?(?:ajax|fragment|fragment_view)"),
    "`ajax`, `save_ajax`, `course_home_fragment_view`",
)
POLLS = RequestKind(
    "polls and checks",
    re.compile(
        r"(?:\w+[_-])?(?:status|heartbeat|health|healthcheck|healthz|ping|poll|polling|keepalive|check|refresh|enabled|toggles)"
    ),
    "`status`, `task_status`, `ping`, `check`, `enabled`",
)
PROBES = RequestKind(
    "what no page of Open edX has",
    re.compile(r"\..+|.*\.(?:php\d?|aspx?|jsp|cgi)"),
    "`.env`, `login.php`",
)
TOOLS = RequestKind(
    "tools of Studio, whose second step is the key of what they edit",
    re.compile(r"(?:course|library|ccx|block|asset)-v1:.+|(?:lib|lb|lct):.+"),
    "`course-v1:…`, `library-v1:…`, `block-v1:…`",
)
KINDS = (HANDLERS, INTERFACES, PARTS, POLLS, PROBES, TOOLS)
"""The kinds of requests without a row."""
EMBEDDED = (
    *("js", "mjs", "map", "css", "png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "ico", "cur"),
    *("woff", "woff2", "ttf", "otf", "eot", "srt", "sjson", "vtt", "swf", "wasm"),
)
"""Endings of files that a page loads by itself: scripts, styles, images, fonts, subtitles."""
SERVED = ("json", "xml", "txt", "webmanifest", "appcache")
"""Endings of further files that browsers and services fetch, where they are not files of a course."""
NAMED = ("wiki", "course_wiki", "jump_to", "jump_to_id", "u", "account", "tab")
"""Rows below which steps are names that people chose."""
