"""All things and all places, by the names that ``subjects`` has for them."""

from __future__ import annotations

from visualizer.training.world.places import (
    beach,
    canyon,
    city,
    desert,
    field,
    forest,
    lake,
    meadow,
    road,
    snow,
)
from visualizer.training.world.places.view import Place
from visualizer.training.world.things import (
    balloon,
    boat,
    bus,
    car,
    castle,
    cat,
    dog,
    house,
    lighthouse,
    plane,
    rocket,
    tree,
)
from visualizer.training.world.things.kind import Kind

KINDS: dict[str, Kind] = {
    "car": car.KIND,
    "bus": bus.KIND,
    "boat": boat.KIND,
    "plane": plane.KIND,
    "rocket": rocket.KIND,
    "balloon": balloon.KIND,
    "castle": castle.KIND,
    "house": house.KIND,
    "lighthouse": lighthouse.KIND,
    "tree": tree.KIND,
    "cat": cat.KIND,
    "dog": dog.KIND,
}

PLACES: dict[str, Place] = {
    "road": road.paint,
    "desert": desert.paint,
    "forest": forest.paint,
    "city": city.paint,
    "lake": lake.paint,
    "beach": beach.paint,
    "snow": snow.paint,
    "meadow": meadow.paint,
    "canyon": canyon.paint,
    "field": field.paint,
}
