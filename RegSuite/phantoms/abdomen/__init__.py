"""Five organs that slide past each other, of two people or two days, between which the true map is known."""

from RegSuite.phantoms.abdomen.build import abdomen_pair
from RegSuite.phantoms.abdomen.clouds import AbdomenClouds, abdomen_clouds
from RegSuite.phantoms.abdomen.phantom import AbdomenPhantom

__all__ = ["AbdomenClouds", "AbdomenPhantom", "abdomen_clouds", "abdomen_pair"]
