"""``list_flows``: every flow that may run here, and what each needs."""

from collections.abc import Callable
from typing import Annotated, Any

from mcp_types import CallToolResult, ToolAnnotations
from pydantic import Field

from tokenbroker.broker import Broker
from tokenbroker.errors import BrokerError
from tokenbroker.flow.model import Flow
from tokenbroker.mcp_server import needs
from tokenbroker.mcp_server.answers import Answer, Problem, problem_of, refused, told
from tokenbroker.mcp_server.desk import Desk
from tokenbroker.mcp_server.project import Project, stored_names
from tokenbroker.mcp_server.tools.tool import ToolKind
from tokenbroker.policy.check import Condition
from tokenbroker.policy.conditions import OWN, needs_approval
from tokenbroker.policy.explain import is_live, reaches


class FlowAnswer(Answer):
    """One flow."""

    id: str = Field(description="site/flow, or site/flow[case]; what run_flow takes.")
    file: str
    site: str
    steps: list[str] = Field(description="What it does, step by step.")
    modes: list[str] = Field(description="The modes that it allows.")
    params: list[needs.ParamNeed]
    person: list[needs.PersonNeed] = Field(description="What only a person can do, in order.")
    secrets: list[needs.SecretNeed] = Field(description="The secrets it reads: names, never values.")
    stores: list[str] = Field(description="Where its tokens go, as SINK:PATH.")
    reaches: list[str] = Field(description="The origins that the browser may reach, after the origin map.")
    live: bool = Field(description="Whether it reaches beyond this machine; run_flow then needs live=true.")
    tags: list[str]


class LeftBehind(Answer):
    """What an interrupted run left."""

    run: str
    flow: str
    key_name: str = Field(description="The key's name on the site, or unknown.")
    state: str = Field(
        description="possibly_created: the site may have a key that nobody holds. "
        "token_waiting: the token is safe in the spool. damaged: the file can't be read."
    )
    revoke: str = Field(description="How to revoke the key: a flow, or the address of a page.")


class FlowsAnswer(Answer):
    """Every flow."""

    looked_in: list[str] = Field(description="The folders that are served.")
    flows: list[FlowAnswer]
    problems: list[Problem] = Field(
        description="Files that were to be flows and aren't; a home that can't be read."
    )
    left_behind: list[LeftBehind] = Field(
        description="What interrupted runs left: a person runs tokenbroker recover."
    )


def _bind(desk: Desk) -> Callable[..., Any]:
    def list_flows(
        site: Annotated[str, Field(description="Only flows of this site.")] = "",
        tag: Annotated[str, Field(description="Only flows with this tag.")] = "",
    ) -> Annotated[CallToolResult, FlowsAnswer]:
        try:
            answer = _answer(desk.project, site, tag)
        except BrokerError as error:
            return refused(error)
        return told(answer, _text(answer))

    return list_flows


def _answer(project: Project, site: str, tag: str) -> FlowsAnswer:
    flows, mistakes = project.flows()
    wanted = [flow for flow in flows if site in ("", flow.site) and (not tag or tag in flow.tags)]
    problems = [
        Problem(code=error.code, message=error.sentence, next_step=f"mend {project.shown(file)}")
        for file, error in mistakes
    ]
    left: list[LeftBehind] = []
    policy: tuple[Condition, ...] = ()
    with project.broker() as broker:
        try:
            policy = broker.project_policy()
            left = left_behind(broker)
        except BrokerError as error:
            problems.append(problem_of(error))
        return FlowsAnswer(
            looked_in=[project.shown(folder) for folder in project.folders],
            flows=_flows(project, broker, wanted, policy),
            problems=problems,
            left_behind=left,
        )


def _flows(
    project: Project, broker: Broker, flows: list[Flow], policy: tuple[Condition, ...]
) -> list[FlowAnswer]:
    settings = broker.configuration.settings
    alias = settings.inputs.sink
    stored = stored_names(broker, alias)
    answers = []
    for flow in flows:
        reached = reaches(flow, settings.origin_map)
        answers.append(
            FlowAnswer(
                id=flow.id,
                file=project.shown(flow.path),
                site=flow.site,
                steps=[needs.in_words(step) for step in flow.steps],
                modes=[mode.value for mode in flow.modes],
                params=needs.params(flow),
                person=needs.person(flow, needs_approval=needs_approval(flow, (*OWN, *policy))),
                secrets=needs.secrets(
                    flow,
                    alias=alias,
                    settings=settings.sink(alias),
                    stored=stored,
                    variables=frozenset(name for name, value in project.environ.items() if value),
                ),
                stores=needs.stores(flow),
                reaches=list(reached),
                live=is_live(reached),
                tags=list(flow.tags),
            )
        )
    return answers


def left_behind(broker: Broker) -> list[LeftBehind]:
    """What a person should see to; makes no home where there is none."""
    if not (broker.home / "spool").is_dir():
        return []
    found = []
    for left in broker.spool.leftovers():
        state = "possibly_created" if left.possibly_created else "token_waiting" if left.waiting else ""
        if left.damaged and not state:
            state = "damaged"
        if state:
            intent = left.intent
            found.append(
                LeftBehind(
                    run=intent.run_id if intent else left.path.stem,
                    flow=intent.flow_id if intent else "",
                    key_name=intent.key_name if intent else "unknown",
                    state=state,
                    revoke=intent.revoke if intent else "",
                )
            )
    return found


def _text(answer: FlowsAnswer) -> str:
    nothing = (
        f"There is no such flow below {', '.join(answer.looked_in)}; other folders are named when the server "
        "is started: tokenbroker serve --stdio FOLDER"
    )
    lines = [_line(flow) for flow in answer.flows] or [nothing]
    lines += [f"! {problem.code}: {problem.message}" for problem in answer.problems]
    lines += [
        f"! left by {left.run}: {left.state}, key {left.key_name}; a person runs: tokenbroker recover"
        for left in answer.left_behind
    ]
    return "\n".join(lines)


def _line(flow: FlowAnswer) -> str:
    parts = [f"{len(flow.steps)} steps", "live" if flow.live else "this machine only"]
    if flow.person:
        parts.append("a person: " + ", ".join(f"{need.kind} ({need.reason})" for need in flow.person))
    missing = [need.reference for need in flow.secrets if need.there is False]
    if missing:
        parts.append(f"missing: {', '.join(missing)}")
    if flow.stores:
        parts.append(f"stores {', '.join(flow.stores)}")
    return f"{flow.id}: {'; '.join(parts)}"


LIST_FLOWS = ToolKind(
    name="list_flows",
    title="List the flows",
    description=(
        "Every flow that run_flow may run here: what it does, its parameters, what it needs of a person, which "
        "secrets it reads and whether they are there (never their values), where its token is stored. Also says "
        "what interrupted runs have left behind. Call it before run_flow."
    ),
    annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
    bind=_bind,
)
