"""``policy_check``: whether a flow may run now, in which mode, and why; no browser, no run, no audit entry."""

from collections.abc import Callable
from typing import Annotated, Any

from mcp_types import CallToolResult, ToolAnnotations
from pydantic import Field

from tokenbroker.errors import BrokerError
from tokenbroker.flow.model import Flow, Mode
from tokenbroker.mcp_server import needs
from tokenbroker.mcp_server.answers import Answer, refused, told
from tokenbroker.mcp_server.desk import Desk
from tokenbroker.mcp_server.project import Project
from tokenbroker.mcp_server.tools.tool import ToolKind
from tokenbroker.policy.approve import Request
from tokenbroker.policy.explain import Explanation
from tokenbroker.pytest_plugin.options import parse_mode

FLOW = Field(
    description="The flow's id (site/flow, or site/flow[case]) or its file, as list_flows names them."
)
MODE = Field(description="semi_auto or guided; empty leaves the choice to the flow.")
PARAMS = Field(description="Values for the flow's parameters, by name.")
LIVE = Field(description="Allow sites beyond this machine.")
AGAIN = Field(description="Create another key where an earlier run has created one.")


class PolicyAnswer(Answer):
    """A decision and its reason."""

    flow: str
    allowed: bool
    mode: str = Field(description="Who would act; empty where it is not allowed.")
    code: str = Field(description="The reason code, for or against.")
    explanation: str
    checks: list[dict[str, Any]] = Field(
        description="What each condition says: its name, whether it holds, and why."
    )
    next_step: str = Field(description="What would change a no; else empty.")
    person: list[needs.PersonNeed] = Field(description="What only a person can do in such a run, in order.")


def _bind(desk: Desk) -> Callable[..., Any]:
    def policy_check(
        flow: Annotated[str, FLOW],
        mode: Annotated[str, MODE] = "",
        params: Annotated[dict[str, str] | None, PARAMS] = None,
        live: Annotated[bool, LIVE] = False,
        again: Annotated[bool, AGAIN] = False,
    ) -> Annotated[CallToolResult, PolicyAnswer]:
        try:
            found = desk.project.find(flow)
            explained = _explained(
                desk.project, found, mode=parse_mode(mode), params=params or {}, live=live, again=again
            )
        except BrokerError as error:
            return refused(error)
        answer = PolicyAnswer(
            flow=found.id,
            allowed=explained.allowed,
            mode=explained.mode,
            code=explained.code,
            explanation=explained.sentence,
            checks=[each.as_record() for each in explained.checks],
            next_step=explained.next_step,
            person=needs.person(found, needs_approval=explained.needs_approval),
        )
        text = f"{'allowed' if answer.allowed else 'not allowed'}: {answer.code}: {answer.explanation}"
        return told(answer, f"{text}\nto do: {answer.next_step}" if answer.next_step else text)

    return policy_check


def _explained(
    project: Project, flow: Flow, *, mode: Mode | None, params: dict[str, str], live: bool, again: bool
) -> Explanation:
    with project.broker() as broker:
        # As a run would ask, but without making a home where there is none yet.
        request = Request(
            actor=broker.actor,
            mode=mode,
            params=params,
            origin_map=broker.configuration.settings.origin_map,
            live=live,
            again=again,
        )
        return broker.explain(flow, request)


POLICY_CHECK = ToolKind(
    name="policy_check",
    title="Ask whether a flow may run",
    description=(
        "Whether a flow may run now, in which mode, and why: the reason code and an explanation. Starts nothing and "
        "changes nothing. Judged with the origin map of the settings; a project's own fixtures are not asked."
    ),
    annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
    bind=_bind,
)
