"""Every test here has a project of its own."""

from tests.project_fixtures import attended, demo, demo_project, new_project, project

__all__ = ["attended", "demo", "demo_project", "new_project", "project"]
