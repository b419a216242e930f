"""What the clipboard of the flows' browser holds after each test, written where it is searched."""

from pathlib import Path

from tests.leak.project import Project

CLIPBOARD = '''

@pytest.fixture
def flow_page(flow_browser):
    """A page of the project's own."""
    context = flow_browser.new_context()
    page = context.new_page()
    page.set_content("<textarea></textarea>")
    yield page
    context.close()


@pytest.fixture(autouse=True)
def written_down_clipboard(request, flow_page):
    yield
    flow_page.fill("textarea", "")
    flow_page.press("textarea", "ControlOrMeta+V")
    folder = Path(__file__).parents[1] / "out" / "clipboard"
    folder.mkdir(exist_ok=True)
    (folder / request.node.name).write_text(flow_page.input_value("textarea"), encoding="utf-8")

'''
"""For a project's conftest."""


def folder_of(project: Project) -> Path:
    """Where the project writes it: a file for each test."""
    return project.out / "clipboard"


def clipboards(project: Project) -> dict[str, str]:
    """What was on the clipboard, by the test after which it was."""
    return {file.name: file.read_text(encoding="utf-8") for file in folder_of(project).iterdir()}
