"""Every test here has a project of its own, served by a real process."""

from tests.project_fixtures import attended, demo, demo_project, new_project, project

__all__ = ["attended", "demo", "demo_project", "new_project", "project"]
