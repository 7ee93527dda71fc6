"""Answers as pictures. `figure` is the entrance; `picture_formats` lists what a picture can be written as.

One module per kind of chart; `CHARTS` in `figure` lists them. They are drawn on a `canvas`, those with scales on
matplotlib's `axes` on it. matplotlib is imported by the first drawing, not before.
May import `analyses` (results), `render` (charts, wording), `outputs.files`; nothing else may import matplotlib.
"""
