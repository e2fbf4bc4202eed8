"""The words that captions are made of. The first of each is the plainest."""

from __future__ import annotations

from typing import Final

Words = dict[str, tuple[str, ...]]

OBJECTS: Final[Words] = {
    "car": (
        "car",
        "car",
        "car",
        "Ferrari",
        "Ferrari",
        "sports car",
        "sports car",
        "racing car",
        "race car",
        "automobile",
        "auto",
    ),
    "bus": ("bus", "bus", "bus", "coach", "school bus"),
    "boat": ("boat", "boat", "boat", "sailing boat", "sailboat", "ship", "yacht"),
    "plane": ("plane", "plane", "airplane", "airplane", "aeroplane", "aircraft", "jet", "airliner"),
    "rocket": ("rocket", "rocket", "rocket", "space rocket", "spaceship", "spacecraft"),
    "balloon": ("hot air balloon", "balloon", "balloon"),
    "castle": ("castle", "castle", "castle", "fortress", "palace"),
    "house": ("house", "house", "house", "cottage", "home", "cabin", "villa"),
    "lighthouse": ("lighthouse",),
    "tree": ("tree", "tree", "tree", "oak", "leafy tree"),
    "cat": ("cat", "cat", "cat", "kitten", "kitty"),
    "dog": ("dog", "dog", "dog", "puppy", "hound"),
}
PLURALS: Final[Words] = {
    "car": ("cars", "Ferraris", "sports cars", "automobiles"),
    "bus": ("buses", "coaches"),
    "boat": ("boats", "ships", "sailboats", "yachts"),
    "plane": ("planes", "airplanes", "jets"),
    "rocket": ("rockets", "spaceships"),
    "balloon": ("balloons", "hot air balloons"),
    "castle": ("castles", "palaces"),
    "house": ("houses", "cottages", "cabins"),
    "lighthouse": ("lighthouses",),
    "tree": ("trees", "oaks"),
    "cat": ("cats", "kittens"),
    "dog": ("dogs", "puppies"),
}
COLORS: Final[Words] = {
    "red": ("red", "red", "red", "red", "crimson", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow", "yellow", "yellow", "golden"),
    "green": ("green", "green", "green", "emerald"),
    "blue": ("blue",),
    "purple": ("purple", "purple", "violet"),
    "pink": ("pink",),
    "brown": ("brown", "brown", "brown", "chestnut"),
    "white": ("white",),
    "black": ("black",),
}
PLACES: Final[Words] = {
    "road": (
        "on a mountain road",
        "on a mountain road",
        "on a road in the mountains",
        "in the mountains",
        "on a road",
        "on a winding road",
        "on the road",
    ),
    "desert": ("in the desert", "in a desert", "among sand dunes", "in the dunes", "in the Sahara"),
    "forest": ("in a forest", "in the forest", "in the woods", "in a pine forest"),
    "city": ("in a city", "in the city", "on a city street", "in a town", "downtown"),
    "lake": ("by a lake", "at a lake", "by the lake", "on a lake", "at the lake", "on the lake"),
    "beach": (
        "on a beach",
        "on the beach",
        "at the beach",
        "by the sea",
        "by the ocean",
        "on the coast",
        "at the seaside",
    ),
    "snow": (
        "in the snow",
        "in the snow",
        "in a snowy landscape",
        "in winter",
        "in a winter landscape",
    ),
    "meadow": (
        "in a meadow",
        "on a meadow",
        "on a green meadow",
        "in a field of flowers",
        "on the grass",
        "on green hills",
    ),
    "canyon": ("in a canyon", "in the canyon", "in a gorge", "in the grand canyon"),
    "field": (
        "in a wheat field",
        "in a wheat field",
        "in a corn field",
        "in a field",
        "on a farm",
        "in the fields",
    ),
}
LANDSCAPES: Final[Words] = {
    "road": ("a mountain road", "mountains", "a road in the mountains", "a winding road"),
    "desert": ("a desert", "sand dunes", "the Sahara"),
    "forest": ("a forest", "the woods", "a pine forest"),
    "city": ("a city", "a city street", "a town"),
    "lake": ("a lake", "the lake"),
    "beach": ("a beach", "the sea", "the coast"),
    "snow": ("a snowy landscape", "snow", "winter", "a winter landscape"),
    "meadow": ("a meadow", "a field of flowers", "green hills"),
    "canyon": ("a canyon", "the grand canyon", "a gorge"),
    "field": ("a wheat field", "a corn field", "a farm"),
}
TIMES: Final[Words] = {
    "day": (
        "by day",
        "during the day",
        "at noon",
        "on a sunny day",
        "in daylight",
        "in sunshine",
        "in the sun",
    ),
    "sunset": (
        "at sunset",
        "at sunset",
        "at sunset",
        "at dusk",
        "in the evening",
        "at sundown",
        "at sunrise",
        "at dawn",
    ),
    "night": (
        "at night",
        "at night",
        "at night",
        "by night",
        "at midnight",
        "under the moon",
        "under the stars",
        "in the dark",
        "in moonlight",
    ),
    "fog": (
        "in fog",
        "in the fog",
        "on a foggy day",
        "in mist",
        "in the mist",
        "on a misty morning",
    ),
    "rain": (
        "in the rain",
        "in the rain",
        "in rain",
        "on a rainy day",
        "in a storm",
        "when it rains",
    ),
}
SIZES: Final[Words] = {
    "small": ("small", "small", "little", "tiny"),
    "big": ("big", "big", "large", "huge", "giant"),
}
SIDES: Final[Words] = {
    "left": ("on the left", "on the left", "on the left side", "to the left"),
    "right": ("on the right", "on the right", "on the right side", "to the right"),
    "center": ("in the middle", "in the middle", "in the center", "in the centre"),
}
RELATIONS: Final[Words] = {
    "left": (
        "{0} to the left of {1}",
        "{1} to the right of {0}",
        "{0} left of {1}",
        "{1} right of {0}",
        "{0} on the left and {1} on the right",
        "{1} on the right and {0} on the left",
        "{0} on the left side of {1}",
        "{1} on the right side of {0}",
    ),
    "front": (
        "{0} in front of {1}",
        "{1} behind {0}",
        "{0} in front of {1}",
        "{1} behind {0}",
        "{0} before {1}",
    ),
}
"""{0} is the first of two things, {1} the second."""
UNRELATED: Final[Words] = {
    "left": ("{0} and {1}", "{0} next to {1}", "{0} beside {1}", "{0} with {1}", "{0} near {1}"),
    "front": ("{0} and {1}", "{0} with {1}"),
}
"""What says only that both are there; in either order."""
DECORATIONS: Final = (
    "beautiful",
    "old",
    "new",
    "shiny",
    "nice",
    "pretty",
    "lovely",
    "fast",
    "cute",
)
OPENINGS: Final = (
    "a picture of",
    "a photo of",
    "a drawing of",
    "a painting of",
    "an image of",
    "an illustration of",
)
