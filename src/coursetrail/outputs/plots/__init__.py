"""Answers as pictures. `figure` is the entrance; `picture_formats` lists what a picture can be written as.

One module per kind of chart, drawn on a `canvas`. matplotlib is imported by the first drawing, not before.
May import `analyses` (results), `render` (charts, wording), `outputs.files`; nothing else may import matplotlib.
"""
