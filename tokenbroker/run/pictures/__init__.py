"""Pictures of a page that can't draw a secret: one-block pixels, else a wireframe, else none."""

from tokenbroker.run.pictures.block_font import CHROMIUM_ARGUMENTS, works_here, write_fontconfig
from tokenbroker.run.pictures.camera import Camera
from tokenbroker.run.pictures.picture import Picture
from tokenbroker.run.pictures.proof import prove_block_font

__all__ = ["CHROMIUM_ARGUMENTS", "Camera", "Picture", "prove_block_font", "works_here", "write_fontconfig"]
