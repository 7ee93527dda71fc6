"""What becomes of Coursera's tables: the columns that are read of them, and the SQL that makes ours of these."""

from dataclasses import dataclass

import pyarrow as pa

from coursetrail.reading.times import MOMENT

READ = {
    "courses": ("course_id", "course_slug", "course_name"),
    "course_branches": ("course_id", "course_branch_id", "authoring_course_branch_created_ts"),
    "course_modules": ("course_id", "course_module_id", "course_module_order", "course_module_name"),
    "course_lessons": (
        "course_id",
        "course_lesson_id",
        "course_module_id",
        "course_lesson_order",
        "course_lesson_name",
    ),
    "course_items": (
        "course_id",
        "course_item_id",
        "course_lesson_id",
        "course_item_order",
        "course_item_type_id",
        "course_item_name",
    ),
    "course_branch_modules": (
        "course_branch_id",
        "course_module_id",
        "course_branch_module_order",
        "course_branch_module_name",
    ),
    "course_branch_lessons": (
        "course_branch_id",
        "course_lesson_id",
        "course_module_id",
        "course_branch_lesson_order",
        "course_branch_lesson_name",
    ),
    "course_branch_items": (
        "course_branch_id",
        "course_item_id",
        "course_lesson_id",
        "course_branch_item_order",
        "course_item_type_id",
        "course_branch_item_name",
    ),
    "course_item_types": ("course_item_type_id", "course_item_type_desc"),
    "course_memberships": ("course_id", "user_id", "course_membership_role", "course_membership_ts"),
    "course_grades": (
        "course_id",
        "user_id",
        "course_grade_ts",
        "course_passing_state_id",
        "course_grade_overall",
        "course_grade_verified",
    ),
    "course_branch_grades": (
        "course_branch_id",
        "user_id",
        "course_branch_grade_ts",
        "course_passing_state_id",
        "course_branch_grade_overall",
        "course_branch_grade_verified",
    ),
}
"""The tables that are read, and the columns of each; `user_id` is the one that ends so."""

SYLLABUS = pa.schema(
    [
        ("course", pa.string()),
        ("slug", pa.string()),
        ("course_name", pa.string()),
        ("module", pa.string()),
        ("module_name", pa.string()),
        ("module_order", pa.int32()),
        ("lesson", pa.string()),
        ("lesson_name", pa.string()),
        ("lesson_order", pa.int32()),
        ("item", pa.string()),
        ("item_name", pa.string()),
        ("item_order", pa.int32()),
        ("item_type", pa.string()),
    ]
)
MEMBERS = pa.schema([("course", pa.string()), ("learner", pa.string()), ("role", pa.string()), ("since", MOMENT)])
GRADES = pa.schema(
    [
        ("course", pa.string()),
        ("learner", pa.string()),
        ("passing", pa.string()),
        ("overall", pa.float64()),
        ("verified", pa.float64()),
        ("time", MOMENT),
    ]
)
SCHEMAS = {"syllabus": SYLLABUS, "members": MEMBERS, "grades": GRADES}

ROLES = {
    "LEARNER": "learner",
    "PRE_ENROLLED_LEARNER": "pre-enrolled",
    "NOT_ENROLLED": "not enrolled",
    "MENTOR": "mentor",
    "INSTRUCTOR": "staff",
    "TEACHING_STAFF": "staff",
    "COURSE_ASSISTANT": "staff",
    "UNIVERSITY_ADMIN": "staff",
    "DATA_COORDINATOR": "staff",
}
"""Coursera's roles and ours; the list may be longer, and what is not in it is `other`."""
STATES = {"0": "not passed", "1": "passed", "2": "verified"}


@dataclass(frozen=True)
class ReferenceTable:
    """One of our tables, the files without any of which it stays what it is, and how it is made."""

    table: str
    schema: pa.Schema
    needs: frozenset[str]
    sql: str


def _case(column: str, words: dict[str, str], other: str) -> str:
    pairs = " ".join(f"when '{theirs}' then '{ours}'" for theirs, ours in words.items())
    return f"case {column} {pairs} {other} end"


# A course whose content is only in branches has that of the branch made last. Where no table says which course a
# branch is of, it has the course's own id.
BRANCHES = """
    plain as (
        select course_id as course from course_modules
        union select course_id from course_lessons
        union select course_id from course_items
    ),
    filled as (
        select course_branch_id as branch from course_branch_modules
        union select course_branch_id from course_branch_lessons
        union select course_branch_id from course_branch_items
    ),
    known as (
        select course_id as course, course_branch_id as branch,
            try_cast(authoring_course_branch_created_ts as timestamp) as made
        from course_branches
        union all
        select branch, branch, null from filled where branch not in (select course_branch_id from course_branches
            where course_branch_id is not null)
    ),
    chosen as (
        select course, max_by(branch, (coalesce(made, timestamp '1970-01-01'), branch)) as branch
        from known
        where branch in (select branch from filled where branch is not null)
            and course not in (select course from plain where course is not null)
        group by course
    )
"""


def _content(kind: str, columns: str) -> str:
    """The rows of modules, lessons or items, of courses or of the branches chosen for them."""
    parts = [part.strip() for part in columns.split(",")]
    own = ", ".join(parts).replace("{}", f"course_{kind}")
    branch = ", ".join(parts).replace("{}", f"course_branch_{kind}")
    return f"""
        select course_id as course, {own} from course_{kind}s
        union
        select course, {branch} from course_branch_{kind}s join chosen on branch = course_branch_id
    """  # noqa: S608 - of this module


SQL = (
    ReferenceTable(
        "syllabus",
        SYLLABUS,
        frozenset(name for name in READ if not name.endswith(("memberships", "grades"))),
        f"""
        with {BRANCHES},
        modules as ({
            _content(
                "module",
                "course_module_id as module, try_cast({}_order as integer) as module_order, {}_name as module_name",
            )
        }),
        lessons as ({
            _content(
                "lesson",
                "course_lesson_id as lesson, course_module_id as module, "
                "try_cast({}_order as integer) as lesson_order, {}_name as lesson_name",
            )
        }),
        items as ({
            _content(
                "item",
                "course_item_id as item, course_lesson_id as lesson, try_cast({}_order as integer) as item_order, "
                "course_item_type_id as type, {}_name as item_name",
            )
        }),
        types as (
            select course_item_type_id as type, min(course_item_type_desc) as item_type
            from course_item_types group by 1
        ),
        content as (
            select
                coalesce(items.course, lessons.course, modules.course) as course,
                coalesce(lessons.module, modules.module) as module, module_name, module_order,
                coalesce(items.lesson, lessons.lesson) as lesson, lesson_name, lesson_order,
                item, item_name, item_order, coalesce(item_type, items.type) as item_type
            from modules
            full join lessons on modules.course = lessons.course and modules.module = lessons.module
            full join items on items.course = lessons.course and items.lesson = lessons.lesson
            left join types on types.type = items.type
        ),
        named as (
            select course_id as course, min(course_slug) as slug, min(course_name) as course_name
            from courses group by 1
        )
        select coalesce(content.course, named.course) as course, * exclude (course)
        from content full join named on content.course = named.course
        where coalesce(content.course, named.course) is not null
        order by course, module_order, module, lesson_order, lesson, item_order, item
        """,  # noqa: S608
    ),
    ReferenceTable(
        "members",
        MEMBERS,
        frozenset({"course_memberships"}),
        f"""
        select course_id as course, user_id as learner,
            {_case("upper(course_membership_role)", ROLES, "else 'other'")} as role,
            try_cast(course_membership_ts as timestamp) as since
        from course_memberships
        where course_id is not null and user_id is not null
        qualify row_number() over (
            partition by course_id, user_id order by since desc nulls last, role
        ) = 1
        order by course, learner
        """,  # noqa: S608
    ),
    ReferenceTable(
        "grades",
        GRADES,
        frozenset({"course_grades", "course_branch_grades"}),
        f"""
        with both_kinds as (
            select course_id as course, user_id as learner, course_passing_state_id as state,
                course_grade_overall as overall, course_grade_verified as verified, course_grade_ts as stamp
            from course_grades
            union all
            select coalesce(course_id, course_branch_id), user_id, course_passing_state_id,
                course_branch_grade_overall, course_branch_grade_verified, course_branch_grade_ts
            from course_branch_grades left join course_branches using (course_branch_id)
            where coalesce(course_id, course_branch_id) not in (
                select course_id from course_grades where course_id is not null
            )
        )
        select course, learner, {_case("state", STATES, "")} as passing,
            try_cast(overall as double) as overall, try_cast(verified as double) as verified,
            try_cast(stamp as timestamp) as time
        from both_kinds
        where course is not null and learner is not null
        qualify row_number() over (
            partition by course, learner order by time desc nulls last, overall desc nulls last, passing
        ) = 1
        order by course, learner
        """,  # noqa: S608
    ),
)
"""How each of our tables is made. Rows that come twice count once; of a member or a grade the latest row counts."""
