from tests.lifecycle.scene_fixtures import local, scene, site

__all__ = ["local", "scene", "site"]
