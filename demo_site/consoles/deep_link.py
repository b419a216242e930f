"""Projects: the address of a form asks a stranger to sign in first, and then forgets where he wanted to go."""

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_site.keys import KeyRefused
from demo_site.pages import account_of, first, go_to, page, read_form, session_of, signed_in
from demo_site.sessions import Session
from demo_site.site import site_of

HOME = "/products"


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    id: str
    title: str
    number: str
    region: str


PROJECTS = {
    project.id: project
    for project in (
        Project(id="alpha", title="Alpha", number="418 220 716", region="eu-north"),
        Project(id="lighthouse", title="Lighthouse", number="418 220 904", region="eu-west"),
    )
}


async def show_projects(request: Request) -> Response:
    session, _ = signed_in(request)
    return page(request, "projects/projects.html", session=session, projects=PROJECTS.values())


async def show_form(request: Request) -> Response:
    session = session_of(request)
    project = _project(request)
    if session is None or account_of(session) is None:
        return _ask_to_sign_in(request, session)
    return _form(request, session, project)


async def create_key(request: Request) -> Response:
    """Make a key of a project and show it in this answer."""
    session, account = signed_in(request)
    fields = await read_form(request, session)
    project = _project(request)
    if not session.use_form(first(fields, "form")):
        return go_to("/projects")
    name = first(fields, "display_name")
    try:
        kept, key = site_of(request).keys.create(account.id, name=name, scopes=["read", "write"])
    except KeyRefused as refusal:
        return _form(request, session, project, status=422, name=name, problem=str(refusal))
    return page(request, "projects/key.html", session=session, project=project, kept=kept, key=key)


def _ask_to_sign_in(request: Request, session: Session | None) -> Response:
    session = session or site_of(request).sessions.open()
    session.landing = HOME
    session.notice = "Sign in to see this page."
    return go_to("/login", session)


def _form(
    request: Request,
    session: Session,
    project: Project,
    *,
    status: int = 200,
    name: str = "",
    problem: str = "",
) -> Response:
    return page(
        request,
        "projects/new_key.html",
        session=session,
        status=status,
        project=project,
        form=session.new_form(),
        name=name,
        problem=problem,
    )


def _project(request: Request) -> Project:
    project = PROJECTS.get(request.path_params["project"])
    if project is None:
        raise HTTPException(404)
    return project


ROUTES = [
    Route("/projects", show_projects),
    Route("/projects/{project}/keys/new", show_form),
    Route("/projects/{project}/keys", create_key, methods=["POST"]),
]
