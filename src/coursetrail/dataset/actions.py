"""The closed lists of what an event can be: its action and the area of the course it happened in."""

ACTIONS = (
    "page_view",
    "video_play",
    "video_pause",
    "video_seek",
    "video_end",
    "video_rate",
    "video_wait",
    "video_heartbeat",
    "video_load",
    "video_other",
    "quiz_start",
    "quiz_submit",
    "problem_check",
    "forum_post",
    "enroll",
    "unenroll",
    "download",
    "other",
)

# Clicks by default (METRICS): page views and what a learner does on purpose; players loading, waiting and
# reporting that they are alive are no clicks.
NOISE = ("video_wait", "video_heartbeat", "video_load", "video_other", "other")
DELIBERATE = tuple(action for action in ACTIONS if action not in NOISE)

ADMIN = "admin"
"""The area of course staff at work, of services and monitors: no learner's."""
AREAS = (
    "home",
    "lecture",
    "quiz",
    "forum",
    "wiki",
    "assignment",
    "peer",
    "search",
    "account",
    ADMIN,
    "other",
)
