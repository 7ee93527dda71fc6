"""Open edX: which requests are clicks of a learner, and which are made by pages, apps, services and staff."""

import json
from pathlib import Path

import pytest

import coursetrail as ct
from coursetrail.formats.edx.pages import page

pytestmark = pytest.mark.slow

C = "/courses/course-v1:Org+C1+2017"
OLD = "/courses/Org/C2/2013_T1"
KEY = "course-v1:Org+C1+2017"
BLOCK = "block-v1:Org+C1+2017+type@{}+block@0e71a74e67a4442599abb9f3069964a9"
PROBLEM, VIDEO, UNIT = BLOCK.format("problem"), BLOCK.format("video"), BLOCK.format("vertical")
FILE = "asset-v1:Org+C1+2017+type@asset+block@"

CLICKS = (
    "/",
    "/dashboard",
    "/courses",
    "/account/settings",
    "/u/ada",
    "/activate/0123abcd",
    "/notification_prefs/unsubscribe/abc=/",
    "/about",
    "/faq",
    "/support/contact_us",
    "/certificates/0e71a74e67a4442599abb9f3069964a9",
    "/certificates/user/3/course/course-v1:Org+C1+2017",
    f"/course_modes/choose/{KEY}/",
    f"/financial-assistance/{KEY}/apply/",
    f"/videos/{VIDEO}",
    f"{C}/",
    f"{C}/about",
    f"{C}/info",
    f"{C}/course/",
    f"{C}/progress",
    f"{C}/bookmarks/",
    f"{C}/syllabus",
    f"{C}/0e71a74e67a4442599abb9f3069964a9/",
    f"{C}/status/",
    f"{C}/api/",
    f"{C}/tab/dates/",
    f"{C}/teams/",
    f"{C}/edxnotes/",
    f"{C}/courseware/week1/lesson2/",
    f"{C}/courseware/api/status/3",
    f"{OLD}/courseware/week1/v1.2/",
    f"{C}/jump_to/{PROBLEM}",
    f"{C}/pdfbook/0/chapter/2/7",
    f"{C}/discussion/forum/",
    f"{C}/discussion/forum/topic/threads/0123456789abcdef01234567",
    f"{C}/discussion/forum/users/17",
    f"{C}/wiki/Org/Node.js",
    f"{C}/wiki/Org/api/",
    f"{C}/xblock/{VIDEO}/handler/transcript/download",
    f"/{FILE}notes.pdf",
    f"/{FILE}numbers.csv",
    f"/assets/courseware/v1/0123abcd/{FILE}notes.pdf",
    "/c4x/Org/C2/asset/slides.pptx",
)

NO_CLICKS = (
    # handlers of blocks
    f"{C}/xblock/{PROBLEM}/handler/xmodule_handler/problem_get",
    f"{C}/xblock/{VIDEO}/handler/xmodule_handler/save_user_state",
    f"{C}/xblock/{PROBLEM}/handler_noauth/grade",
    f"{C}/xblock/{UNIT}/view/student_view",
    f"{OLD}/xblock/i4x:;_;_Org;_C2;_video;_Intro/handler/transcript/translation/en",
    f"{OLD}/modx/i4x://Org/C2/problem/One/problem_get",
    f"{C}/xqueue/17/i4x:__x/score_update",
    f"/preview/xblock/{PROBLEM}/handler/xmodule_handler/problem_get",
    f"/preview/xblock/{VIDEO}/handler/transcript/download",
    f"/xblock/{PROBLEM}/handler/studio_submit",
    f"/xblock/container/{UNIT}",
    "/payments/processor_callback",
    # polls, checks and settings that pages send
    "/heartbeat",
    "/notification_prefs/status/",
    "/notify/get/",
    "/instructor_task_status/",
    f"/import_status/{KEY}/course.tar.gz",
    "/import_status/Org/C2/2013_T1/course.tar.gz",
    f"/export_status/{KEY}",
    f"/course_run/{KEY}/refund_status",
    "/transcripts/check",
    "/login_refresh",
    "/lang_pref/update_language",
    "/service/ping",
    f"{C}/courseware-search/enabled/",
    f"{C}/courseware-navigation-sidebar/toggles/",
    "/event",
    "/segmentio/event",
    "/courses/yt_video_metadata",
    # interfaces for programs
    "/api/enrollment/v1/enrollment",
    "/user_api/v1/preferences/",
    "/csrf/api/v1/token",
    "/enterprise/api/v1/learners",
    "/oauth2/access_token",
    "/auth/complete/google-oauth2/",
    f"{C}/plugin/api/data",
    # parts of pages
    f"{C}/course/course_home_fragment_view",
    f"{C}/discussion/forum/discussion_board_fragment_view",
    f"{C}/bookmarks/fragment",
    f"{C}/edxnotes/notes/",
    "/login_ajax",
    "/account/password",
    # what is written in the forum has events of its own
    f"{C}/discussion/topic/threads/create",
    f"{C}/discussion/threads/0123456789abcdef01234567/flagAbuse",
    f"{C}/discussion/topic/follow",
    # files that pages, browsers and services load
    "/xmodule/xmodule.js",
    "/i18n.js",
    "/static/js/main.js",
    "/favicon.ico",
    "/apple-touch-icon.png",
    "/apple-touch-icon-120x120-precomposed.png",
    "/browserconfig.xml",
    "/sitemap.xml",
    "/robots.txt",
    "/manifest.json",
    f"/{FILE}logo.png",
    f"/{FILE}subs_intro.srt.sjson",
    f"/assets/courseware/v1/0123abcd/{FILE}Photo.JPG",
    "/asset-v1:Org+C1+2017+type@thumbnail+block@notes-pdf",
    "/c4x/Org/C2/asset/photo.jpg",
    f"{C}/courseware/week1/lesson2/figure.svg",
    # what no page of Open edX has
    "/wp-login.php",
    "/.env",
    "/.well-known/assetlinks",
    # Studio
    "/organizations",
    "/home/",
    "/signin",
    "/howitworks",
    "/home_library/",
    "/library/library-v1:Org+L1",
    f"/course/{KEY}",
    f"/course/{KEY}/search_reindex",
    f"/container/{UNIT}",
    f"/assets/{KEY}/",
    f"/course_rerun/{KEY}",
    f"/orphan/{KEY}",
    f"/certificates/{KEY}",
    f"/a_tool_of_tomorrow/{KEY}",
    f"/videos/{KEY}",
    f"/settings/details/{KEY}",
    "/transcripts/upload",
    # staff on the learners' site
    "/admin/auth/user/3/",
    "/support/enrollment",
    f"{C}/instructor",
    f"{C}/instructor/api/list_instructor_tasks",
    f"{C}/cohorts/",
    f"{C}/cohorts/7/add",
    f"{C}/cohorts/settings",
    f"{C}/verified_track_content/enabled",
    f"{C}/masquerade",
    f"{C}/discussion/topics",
    f"{C}/progress/17/",
    f"{C}/submission_history/ada/{PROBLEM}",
    f"{OLD}/gradebook",
)


def line(number: int, **fields: object) -> dict[str, object]:
    return {
        "username": f"u{number}",
        "event_source": "server",
        "time": f"2017-09-19T23:{number // 60:02}:{number % 60:02}+00:00",
        "event": '{"POST": {}, "GET": {}}',
        "context": {"course_id": "course-v1:Org+C1+2017"},
        "agent": "Opera/9.80",
        "host": "192.0.2.7",
        **fields,
    }


def ingested(folder: Path, lines: list[dict[str, object]]) -> ct.Dataset:
    (folder / "tracking.log").write_text("".join(json.dumps(one) + "\n" for one in lines))
    ct.ingest(folder / "dataset", [folder / "tracking.log"])
    return ct.open(folder / "dataset")


def test_only_requests_that_a_learner_makes_are_clicks(tmp_path):
    paths = [*CLICKS, *NO_CLICKS]
    dataset = ingested(tmp_path, [line(number, event_type=path) for number, path in enumerate(paths)])
    answer = dataset.analyze("learners")
    clicked = {row["learner"] for row in answer.table.to_pylist() if row["clicks"]}
    assert sorted(path for number, path in enumerate(paths) if f"u{number}" in clicked) == sorted(CLICKS)
    assert answer.scope.events + answer.scope.admin == len(paths)
    assert dataset.analyze("learners", clicks="all").scope.events == len(paths)
    assert dataset.sources["events"].to_pylist() == [len(paths)]


@pytest.mark.parametrize(
    ("address", "area", "click"),
    [
        (f"https://192.0.2.7/container/{UNIT}", "admin", False),
        (f"https://192.0.2.7/course/{KEY}", "admin", False),
        (f"https://192.0.2.7{C}/instructor#view-course_info", "admin", False),
        (f"https://192.0.2.7{C}/courseware/week1/lesson2/", "lecture", True),
        (f"https://192.0.2.7/xblock/{UNIT}?view=student_view", "lecture", True),
        (f"https://learning.example.org/course/{KEY}/home", "lecture", True),
        (f"https://learning.example.org/course/{KEY}/{UNIT}", "lecture", True),
        ("x_module", "lecture", True),
    ],
)
def test_what_is_done_on_a_page_of_staff_is_no_learners(tmp_path, address, area, click):
    watched = line(1, event_type="play_video", event_source="browser", page=address, event='{"id": "a"}')
    dataset = ingested(tmp_path, [watched])
    assert dataset.sql("select area from events")["area"].to_pylist() == [area]
    assert [row["clicks"] for row in dataset.analyze("learners").table.to_pylist()] == [1] * click


@pytest.mark.parametrize("step", ["home", "progress", "dates"])
def test_a_page_of_the_learning_application_is_a_page_of_the_course(step):
    found = page(f"https://learning.example.org/course/{KEY}/{step}")
    assert (found.course, found.area, found.action) == (KEY, "home", "page_view")
