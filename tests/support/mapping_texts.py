"""Mapping files that several tests read."""

FULL = """
name = "mine"
title = "My platform"
drop = ["email"]

[file]
nulls = ["", "NULL"]

[columns]
course = "course"
learner = "who"
item = "what"
network = "ip"
position = "second"
weight = "clicks"

[time]
column = "at"

[action]
column = "event"
default = "other"

[action.values]
play = "video_play"
view = "page_view"

[area]
column = "event"

[area.values]
play = "lecture"
"""
