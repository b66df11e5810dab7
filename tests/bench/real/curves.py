"""Draws the points of a sweep as an SVG file: one panel for each curve, one above the other."""

import statistics
from html import escape

WIDTH, PANEL, LEFT, RIGHT, TOP, BOTTOM = 640, 150, 70, 20, 54, 46


def draw(key, what, heading, points):
    """The file's text. The values of the key are at equal distances; a dot is the median of its
    runs, a bar goes from the least to the greatest."""
    curves = [name for name in points[0] if name != "value"]
    height = TOP + len(curves) * PANEL + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        _text(LEFT, 20, key, size=15), _text(LEFT, 38, what, fill="#555")]
    for number, curve in enumerate(curves):
        parts += _panel(points, curve, TOP + number * PANEL)
    for place, point in enumerate(points):
        parts.append(_text(_x(place, points), height - BOTTOM + 16, str(point["value"]),
                           anchor="middle"))
    parts.append(_text(LEFT, height - 8, heading, fill="#555", size=10))
    return "\n".join(parts) + "\n</svg>\n"


def _panel(points, curve, top):
    numbers = [point[curve] for point in points]
    most = max(max(runs) for runs in numbers) or 1
    floor, scale = top + PANEL - 14, (PANEL - 44) / most
    parts = [_text(LEFT, top + 16, curve, fill="#1f4e79")]
    for share in (0, 0.5, 1):
        y = floor - share * most * scale
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" '
                     'stroke="#ddd"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{share * most:.3g}", anchor="end", fill="#555"))
    line = []
    for place, runs in enumerate(numbers):
        x, y = _x(place, points), floor - statistics.median(runs) * scale
        line.append(f"{x:.1f},{y:.1f}")
        parts.append(f'<line x1="{x:.1f}" y1="{floor - min(runs) * scale:.1f}" x2="{x:.1f}" '
                     f'y2="{floor - max(runs) * scale:.1f}" stroke="#9bb7d4" stroke-width="5"/>')
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="#1f4e79"/>')
    parts.append(f'<polyline points="{" ".join(line)}" fill="none" stroke="#1f4e79"/>')
    return parts


def _x(place, points):
    room = WIDTH - LEFT - RIGHT
    return LEFT + room * (place + 0.5) / len(points)


def _text(x, y, words, anchor="start", fill="#222", size=12):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}" '
            f'font-size="{size}">{escape(words)}</text>')
