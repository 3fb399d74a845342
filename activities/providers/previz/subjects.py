"""The subjects of placeholder pictures, drawn on a `Scene`. Each records what it really drew."""

from collections.abc import Callable

from activities.providers.previz.scene import Rgb, Scene, mix


def coast(s: Scene) -> None:
    """Sea under a sky, with a headland and its lighthouse, or boats."""
    c, rng, y = s.colors, s.rng, s.horizon
    s.sky(y)
    s.gradient(mix(c.far, c.glow, 0.35), mix(c.near, c.far, 0.25), y, 1)
    sun = (1 - s.side) * s.wide
    for i in range(26):
        depth = (i / 26) ** 1.5
        w = s.unit * (0.03 + 0.16 * depth) * rng.uniform(0.5, 1)
        x, row = sun + rng.uniform(-0.06, 0.06) * (1 + 2 * depth), y + 0.01 + (1 - y) * depth
        s.box(x - w, row, x + w, row + 0.002 + 0.004 * depth, c.light, 90, 0.003)
    towards = 1 if s.side < 0.5 else -1
    edge = s.side * s.wide
    land = mix(c.near, c.far, 0.12)
    outer = -0.05 if towards > 0 else s.wide + 0.05
    reach = edge + towards * 0.2 * s.unit
    s.shape(
        [
            (outer, y - 0.06),
            (edge - towards * 0.16, y - 0.05),
            (edge + towards * 0.06, y - 0.025),
            (reach, y + 0.03),
            (reach + towards * 0.07, y + 0.07),
            (edge, y + 0.12),
            (outer, y + 0.2),
        ],
        land,
    )
    s.shape([(outer, y + 0.02), (edge, y + 0.03), (reach, y + 0.05), (outer, y + 0.2)], mix(land, c.near, 0.6))
    s.drawn += ["coast"]
    if s.asks("lighthouse") or rng.random() < 0.4:
        s.drawn += ["lighthouse"]
        lighthouse(s, edge - towards * 0.03, y - 0.03, 0.34 * s.unit, -towards)
    boats = rng.randint(1, 2)
    s.drawn += ["a boat" if boats == 1 else "boats"]
    for _ in range(boats):
        boat(
            s,
            sun + towards * rng.uniform(-0.1, 0.24) * s.wide,
            y + rng.uniform(0.03, 0.14),
            rng.uniform(0.05, 0.1) * s.unit,
        )
    near = s.ridge(0.97, 0.03, mix(c.near, (0, 0, 0), 0.35))
    grass(s, near)


def lighthouse(s: Scene, x: float, base: float, tall: float, beam: int) -> None:
    c, w, top = s.colors, tall * 0.13, base - tall
    s.shape([(x, top), (x + beam * 1.2, top - 0.14), (x + beam * 1.2, top + 0.1)], c.light, 46)
    s.shape([(x, top), (x + beam * 1.2, top - 0.06), (x + beam * 1.2, top + 0.04)], c.light, 46)
    white = mix(c.light, c.far, 0.12)
    s.shape([(x - w * 0.6, top + 0.03), (x + w * 0.6, top + 0.03), (x + w, base + 0.03), (x - w, base + 0.03)], white)
    for k in (0.2, 0.55):
        a, b = k, k + 0.18
        wa, wb, ya = w * (0.6 + 0.4 * a), w * (0.6 + 0.4 * b), top + 0.03
        s.shape(
            [(x - wa, ya + tall * a), (x + wa, ya + tall * a), (x + wb, ya + tall * b), (x - wb, ya + tall * b)],
            c.accent,
        )
    s.box(x - w * 0.9, top + 0.02, x + w * 0.9, top + 0.034, c.near)
    s.box(x - w * 0.48, top - 0.018, x + w * 0.48, top + 0.02, mix(c.light, c.accent, 0.25))
    s.shape([(x - w * 0.65, top - 0.016), (x, top - 0.055), (x + w * 0.65, top - 0.016)], c.near)
    s.shape([(x, top + 0.03), (x + w * 0.6, top + 0.03), (x + w, base + 0.03), (x, base + 0.03)], c.near, 50)


def boat(s: Scene, x: float, y: float, size: float) -> None:
    c = s.colors
    s.shape([(x, y - size * 1.5), (x, y - size * 0.1), (x - size * 0.75, y - size * 0.1)], mix(c.light, c.far, 0.15))
    s.shape(
        [(x + size * 0.08, y - size * 1.2), (x + size * 0.08, y - 0.1 * size), (x + size * 0.6, y - 0.1 * size)],
        c.accent,
    )
    hull = [(x - size, y), (x + size, y), (x + size * 0.66, y + size * 0.3), (x - size * 0.7, y + size * 0.3)]
    s.shape(hull, mix(c.near, (0, 0, 0), 0.2))
    s.box(x - size * 0.8, y + size * 0.36, x + size * 0.7, y + size * 0.42, c.near, 90, size * 0.03)


def grass(s: Scene, outline: Callable[[float], float]) -> None:
    color = mix(s.colors.near, (0, 0, 0), 0.35)
    for _ in range(70):
        x = s.rng.uniform(0, s.wide)
        y, tall, lean = outline(x) + 0.01, s.rng.uniform(0.02, 0.06), s.rng.uniform(-0.02, 0.02)
        s.shape([(x - 0.002, y), (x + 0.002, y), (x + lean, y - tall)], color)


def hills(s: Scene) -> None:
    """Layered ridges in the haze, pines, a cabin with a lit window."""
    c, rng, y = s.colors, s.rng, s.horizon
    s.drawn += ["hills", "pines", "a cabin"]
    s.sky(y + 0.08)
    for i in range(4):
        depth = i / 3
        haze = mix(mix(c.far, c.glow, 0.45), c.near, depth * 0.75)
        outline = s.ridge(y - 0.05 + 0.11 * i, 0.09 - 0.015 * i, haze, 1.5 - depth)
        if i in (1, 2):
            for _ in range(12 + 10 * i):
                x = rng.uniform(0, s.wide)
                pine(s, x, outline(x) + 0.01, rng.uniform(0.02, 0.035) * (1 + i), mix(haze, c.near, 0.45))
        if i == 2:
            x = s.side * s.wide
            cabin(s, x, outline(x) + 0.03, 0.1 * s.unit)
    front = s.ridge(0.98, 0.04, mix(c.near, (0, 0, 0), 0.3))
    for _ in range(4):
        x = (1 - s.side) * s.wide + rng.uniform(-0.3, 0.3)
        pine(s, x, front(x) + 0.02, rng.uniform(0.16, 0.36) * s.unit, mix(c.near, (0, 0, 0), 0.3))


def pine(s: Scene, x: float, y: float, tall: float, color: Rgb) -> None:
    for k in range(3):
        top, w = y - tall + tall * 0.24 * k, tall * (0.14 + 0.08 * k)
        s.shape([(x, top), (x - w, top + tall * 0.42), (x + w, top + tall * 0.42)], color)
    s.box(x - tall * 0.03, y - tall * 0.12, x + tall * 0.03, y, color)


def cabin(s: Scene, x: float, y: float, w: float) -> None:
    c = s.colors
    s.box(x - w, y - w * 0.9, x + w, y, mix(c.accent, c.near, 0.55))
    s.shape(
        [(x - w * 1.2, y - w * 0.85), (x - w * 0.1, y - w * 1.6), (x + w * 1.2, y - w * 0.85)],
        mix(c.near, (0, 0, 0), 0.3),
    )
    s.box(x + w * 0.2, y - w * 0.65, x + w * 0.65, y - w * 0.25, c.light)
    s.box(x - w * 0.55, y - w * 0.65, x - w * 0.15, y, mix(c.near, (0, 0, 0), 0.2))


def city(s: Scene) -> None:
    """Three rows of towers, windows lit, a street of light in front."""
    c, rng, ground = s.colors, s.rng, 0.9
    s.drawn += ["city street", "a person"]
    s.sky(ground)
    for row, (top, color) in enumerate(
        ((0.3, mix(c.far, c.glow, 0.4)), (0.42, mix(c.far, c.near, 0.35)), (0.58, mix(c.near, (0, 0, 0), 0.1)))
    ):
        x = -0.05
        while x < s.wide:
            w = rng.uniform(0.06, 0.14) * (1 + 0.3 * row)
            y = top + rng.uniform(0, 0.24)
            s.box(x, y, x + w, 1, color)
            if rng.random() < 0.25:
                s.box(x + w * 0.47, y - 0.06, x + w * 0.53, y, color)
            if row:
                for i in range(int((ground - y) / 0.035)):
                    for k in range(max(2, int(w / 0.025))):
                        if rng.random() < 0.28:
                            px, py = x + 0.01 + k * 0.025, y + 0.02 + i * 0.035
                            if px + 0.011 < x + w:
                                s.box(px, py, px + 0.011, py + 0.016, mix(c.accent, c.light, 0.4), 210)
            x += w + rng.uniform(0.0, 0.03)
    s.gradient(mix(c.near, (0, 0, 0), 0.3), mix(c.near, (0, 0, 0), 0.6), ground, 1)
    for i in range(9):
        x = s.wide * i / 8
        s.box(x, 0.945, x + 0.08, 0.951, c.light, 120)
    x = s.side * s.wide
    s.halo(x + 0.02, 0.8, 0.02, 0.34 * s.unit)
    figure(s, x, 0.96, 0.34 * s.unit, mix(c.near, (0, 0, 0), 0.7))


def figure(s: Scene, x: float, base: float, tall: float, color: Rgb) -> None:
    """A standing person in a coat."""
    head = tall * 0.075
    s.disc(x, base - tall + head, head, color, ry=head * 1.2)
    s.box(x - tall * 0.13, base - tall * 0.82, x + tall * 0.13, base - tall * 0.36, color, radius=tall * 0.07)
    s.shape(
        [
            (x - tall * 0.13, base - tall * 0.6),
            (x + tall * 0.13, base - tall * 0.6),
            (x + tall * 0.17, base - tall * 0.28),
            (x - tall * 0.17, base - tall * 0.28),
        ],
        color,
    )
    for foot in (-1, 1):
        s.box(
            x + foot * tall * 0.07 - tall * 0.04, base - tall * 0.36, x + foot * tall * 0.07 + tall * 0.04, base, color
        )


def table(s: Scene) -> None:
    """A still life by a window: cup, bottle and box on a table, light falling in."""
    c, rng, y = s.colors, s.rng, 0.7
    wall, wood = mix(c.glow, c.far, 0.35), mix(c.accent, c.near, 0.62)
    s.gradient(mix(wall, c.near, 0.28), wall, 0, y)
    lean = 0.25 if s.side < 0.5 else -0.25
    x0 = (1 - s.side) * s.wide - 0.2
    for k in range(2):
        for row in range(2):
            x, top = x0 + k * 0.21 - lean * row * 0.26, 0.1 + row * 0.26
            s.shape(
                [(x, top), (x + 0.19, top), (x + 0.19 - lean * 0.24, top + 0.24), (x - lean * 0.24, top + 0.24)],
                c.light,
                120,
            )
    s.gradient(mix(wood, c.light, 0.16), mix(wood, c.near, 0.55), y, 1)
    s.box(0, y, s.wide, y + 0.006, mix(wood, c.light, 0.45))
    s.view = "still life"
    s.drawn += ["table by a window"]
    if s.room:
        return
    u = s.unit
    middle = min(max(s.side * s.wide, 0.34 * u), s.wide - 0.54 * u)
    things = [("a cup", "cup", cup), ("a bottle", "bottle", bottle), ("a box", "box", carton)]
    rng.shuffle(things)
    asked = [thing for thing in things if s.asks(thing[1])]
    shown = asked or things[: rng.randint(2, 3)]
    s.drawn += [name for name, _, _ in shown]
    for k, (_, _, thing) in enumerate(shown):
        thing(s, middle + (k - 0.7) * 0.26 * u, y + 0.05 + 0.05 * (k % 2), 0.17 * u * (1.25 if k == 0 else 0.9))


def _shadow(s: Scene, x: float, y: float, w: float) -> None:
    s.disc(x + w * 0.35, y, w * 1.35, mix(s.colors.near, (0, 0, 0), 0.4), 95, w * 0.2)


def cup(s: Scene, x: float, y: float, w: float) -> None:
    c = s.colors
    _shadow(s, x, y, w * 0.7)
    white = mix(c.light, c.far, 0.1)
    s.disc(x + w * 0.68, y - w * 0.5, w * 0.3, white)
    s.disc(x + w * 0.68, y - w * 0.5, w * 0.17, mix(c.glow, c.far, 0.4))
    s.shape([(x - w * 0.62, y - w), (x + w * 0.62, y - w), (x + w * 0.45, y), (x - w * 0.45, y)], white)
    s.shape([(x + w * 0.2, y - w), (x + w * 0.62, y - w), (x + w * 0.45, y), (x + w * 0.15, y)], c.near, 45)
    s.disc(x, y, w * 0.45, white, ry=w * 0.1)
    s.disc(x, y - w, w * 0.62, mix(white, c.near, 0.15), ry=w * 0.13)
    s.disc(x, y - w * 0.99, w * 0.54, mix(c.accent, c.near, 0.7), ry=w * 0.1)
    for k in (-1, 1):
        s.disc(x + k * w * 0.18, y - w * (1.5 + 0.15 * k), w * 0.07, c.light, 60, w * 0.34)


def bottle(s: Scene, x: float, y: float, w: float) -> None:
    c = s.colors
    _shadow(s, x, y, w * 0.6)
    glass = mix(c.near, c.far, 0.3)
    s.box(x - w * 0.4, y - w * 1.5, x + w * 0.4, y + w * 0.06, glass, radius=w * 0.16)
    s.box(x - w * 0.14, y - w * 2.2, x + w * 0.14, y - w * 1.35, glass, radius=w * 0.05)
    s.box(x - w * 0.17, y - w * 2.3, x + w * 0.17, y - w * 2.1, c.accent, radius=w * 0.04)
    s.box(x - w * 0.4, y - w * 0.95, x + w * 0.4, y - w * 0.35, mix(c.light, c.glow, 0.3))
    s.box(x - w * 0.22, y - w * 0.75, x + w * 0.22, y - w * 0.68, c.accent)
    s.box(x - w * 0.3, y - w * 1.35, x - w * 0.22, y - w * 0.1, c.light, 70, w * 0.04)


def carton(s: Scene, x: float, y: float, w: float) -> None:
    c = s.colors
    _shadow(s, x, y, w * 0.7)
    s.shape(
        [(x - w * 0.6, y - w * 1.2), (x + w * 0.2, y - w * 1.2), (x + w * 0.2, y + w * 0.05), (x - w * 0.6, y)],
        c.accent,
    )
    side = mix(c.accent, c.near, 0.45)
    s.shape(
        [
            (x + w * 0.2, y - w * 1.2),
            (x + w * 0.62, y - w * 1.3),
            (x + w * 0.62, y - w * 0.06),
            (x + w * 0.2, y + w * 0.05),
        ],
        side,
    )
    top = [
        (x - w * 0.6, y - w * 1.2),
        (x + w * 0.2, y - w * 1.2),
        (x + w * 0.62, y - w * 1.3),
        (x - w * 0.15, y - w * 1.3),
    ]
    s.shape(top, mix(c.accent, c.light, 0.4))
    s.disc(x - w * 0.2, y - w * 0.65, w * 0.2, mix(c.light, c.glow, 0.2))


def portrait(s: Scene) -> None:
    """Head and shoulders against the light, on a third."""
    c, x, u = s.colors, s.side * s.wide, s.unit
    s.view = "close view"
    s.drawn += ["a person"]
    s.sky(0.92)
    s.ridge(0.78, 0.05, mix(c.far, c.glow, 0.35))
    s.ridge(0.88, 0.04, mix(c.far, c.near, 0.35))

    def y(up: float) -> float:
        """The y of a height above the lower edge, in units of the figure."""
        return 1.02 - up * u

    s.halo(x, y(0.52), 0.3 * u, 0.3)
    coat, skin = mix(c.accent, c.near, 0.6), mix((196, 132, 98), c.near, 0.22)
    hair, shade = mix(c.near, (0, 0, 0), 0.25), mix(skin, c.near, 0.25)
    turn = 0.02 * u if s.side < 0.5 else -0.02 * u
    s.disc(x - turn, y(0.56), 0.15 * u, hair, ry=0.185 * u)
    s.disc(x, y(0), 0.34 * u, coat, ry=0.34 * u)
    s.shape([(x - 0.09 * u, y(0.32)), (x + 0.09 * u, y(0.32)), (x, y(0.16))], mix(c.light, c.glow, 0.4))
    s.box(x - 0.05 * u, y(0.5), x + 0.05 * u, y(0.28), shade, radius=0.04 * u)
    s.disc(x + turn, y(0.53), 0.105 * u, skin, ry=0.145 * u)
    fringe = [(-0.125, 0.58), (-0.09, 0.71), (0.08, 0.71), (0.125, 0.58)]
    s.shape([*((x + dx * u, y(up)) for dx, up in fringe), (x + turn, y(0.64))], hair)


def road(s: Scene) -> None:
    """A road to the vanishing point, poles growing towards us, a car."""
    c, y = s.colors, s.horizon - 0.04
    s.drawn += ["road", "a car"]
    s.sky(y)
    s.ridge(y + 0.01, 0.05, mix(c.far, c.glow, 0.3))
    s.gradient(mix(c.far, c.near, 0.3), mix(c.near, (0, 0, 0), 0.1), y, 1)
    vx = (0.5 + (s.side - 0.5) * 0.5) * s.wide
    tar = mix(c.near, (0, 0, 0), 0.3)
    s.shape([(vx - 0.008, y + 0.03), (vx + 0.008, y + 0.03), (s.wide * 0.86, 1.01), (s.wide * 0.02, 1.01)], tar)
    for k in range(9):
        a, b = (k / 9) ** 2.2, ((k + 0.5) / 9) ** 2.2
        xa, xb = vx + (s.wide * 0.44 - vx) * a, vx + (s.wide * 0.44 - vx) * b
        ya, yb, wa, wb = y + 0.03 + (0.97 - y) * a, y + 0.03 + (0.97 - y) * b, 0.001 + 0.012 * a, 0.001 + 0.012 * b
        s.shape([(xa - wa, ya), (xa + wa, ya), (xb + wb, yb), (xb - wb, yb)], c.light, 200)
    outside = -0.2 if s.side > 0.5 else s.wide + 0.2
    for k in range(7, 0, -1):
        near = (1 - k / 8) ** 2
        x, tall = vx + (outside - vx) * (0.05 + near), 0.03 + 0.6 * near
        foot = y + 0.03 + 0.3 * near
        s.box(x, foot - tall, x + 0.003 + 0.01 * near, foot, tar)
        s.box(x - tall * 0.12, foot - tall * 0.95, x + tall * 0.14, foot - tall * 0.92, tar)
    car(s, vx + (s.wide * 0.62 - vx) * 0.42, y + 0.24, 0.13 * s.unit)


def car(s: Scene, x: float, y: float, w: float) -> None:
    c = s.colors
    s.disc(x, y + w * 0.02, w * 0.75, (0, 0, 0), 90, w * 0.1)
    for side in (-1, 1):
        s.box(
            x + side * w * 0.42 - w * 0.1,
            y - w * 0.3,
            x + side * w * 0.42 + w * 0.1,
            y + w * 0.04,
            (16, 16, 20),
            radius=w * 0.04,
        )
    s.shape(
        [
            (x - w * 0.42, y - w * 0.42),
            (x - w * 0.3, y - w * 0.82),
            (x + w * 0.3, y - w * 0.82),
            (x + w * 0.42, y - w * 0.42),
        ],
        mix(c.accent, c.near, 0.3),
    )
    s.shape(
        [
            (x - w * 0.34, y - w * 0.45),
            (x - w * 0.25, y - w * 0.74),
            (x + w * 0.25, y - w * 0.74),
            (x + w * 0.34, y - w * 0.45),
        ],
        mix(c.glow, c.near, 0.35),
    )
    s.box(x - w * 0.56, y - w * 0.48, x + w * 0.56, y - w * 0.1, c.accent, radius=w * 0.09)
    for side in (-1, 1):
        s.box(
            x + side * w * 0.42 - w * 0.09,
            y - w * 0.38,
            x + side * w * 0.42 + w * 0.09,
            y - w * 0.27,
            c.light,
            radius=w * 0.03,
        )


def neutral(s: Scene) -> None:
    """An empty studio: a backdrop that curves into the floor, and a pool of light."""
    c, y = s.colors, 0.66
    wall = mix(mix(c.glow, c.far, 0.55), (128, 128, 128), 0.35)
    s.gradient(mix(wall, c.near, 0.45), wall, 0, y)
    s.gradient(wall, mix(wall, c.near, 0.4), y, 1)
    x = s.wide / 2
    s.halo(x, 0.42, 0.1, 0.5 * s.unit)
    s.disc(x, 0.76, 0.34 * s.unit, mix(wall, c.light, 0.3), 90, 0.06)
