"""The tests at the demo have a project of their own, used by real child processes."""

from tests.project_fixtures import attended, demo, demo_project, new_project, project

__all__ = ["attended", "demo", "demo_project", "new_project", "project"]
