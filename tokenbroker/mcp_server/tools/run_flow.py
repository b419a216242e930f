"""``run_flow``: the same pytest item that `tokenbroker run` runs, in a process of its own, followed step by step."""

from collections.abc import Callable
from typing import Annotated, Any

from anyio import CancelScope, to_thread
from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, ToolAnnotations

from tokenbroker.errors import BrokerError
from tokenbroker.flow.model import Flow, Mode
from tokenbroker.jobs.events import StepBegan
from tokenbroker.jobs.order import Order
from tokenbroker.mcp_server.answers import told
from tokenbroker.mcp_server.desk import Desk
from tokenbroker.mcp_server.run_answer import Account, RunAnswer
from tokenbroker.mcp_server.tools.policy_check import AGAIN, FLOW, LIVE, MODE, PARAMS
from tokenbroker.mcp_server.tools.tool import ToolKind
from tokenbroker.pytest_plugin.options import parse_mode


def _bind(desk: Desk) -> Callable[..., Any]:
    async def run_flow(
        ctx: Context[Any, Any],
        flow: Annotated[str, FLOW],
        mode: Annotated[str, MODE] = "",
        params: Annotated[dict[str, str] | None, PARAMS] = None,
        live: Annotated[bool, LIVE] = False,
        again: Annotated[bool, AGAIN] = False,
    ) -> Annotated[CallToolResult, RunAnswer]:
        account = Account(flow)
        try:
            asked = parse_mode(mode)
            found = await to_thread.run_sync(desk.project.find, flow)
            account.found(found.id, desk.project.shown(found.path))
            order = await to_thread.run_sync(_order, desk, found, asked, params or {}, live, again)
        except BrokerError as error:
            account.refuse(error)
        else:
            await _run(desk, order, account, ctx)
        answer = account.answer()
        return told(answer, account.text(answer), is_error=not answer.passed)

    return run_flow


def _order(
    desk: Desk, flow: Flow, mode: Mode | None, params: dict[str, str], live: bool, again: bool
) -> Order:
    return Order(
        flow=flow.path,
        case=flow.case,
        mode=mode.value if mode else None,
        params=params,
        live=live,
        again=again,
        variables=desk.project.variables_for(flow),
    )


async def _run(desk: Desk, order: Order, account: Account, ctx: Context[Any, Any]) -> None:
    """Run `order` when there is a place, and put what happens into `account`."""

    async def work(scope: CancelScope) -> None:
        process = await desk.ready.take()
        try:
            async for event in process.run(order):
                account.note(event)
                if isinstance(event, StepBegan):
                    await ctx.report_progress(event.number, event.total, event.title)
        finally:
            await process.end()
            account.ended(process, desk.redactor)
            # Not before: a process that loads beside a run would slow it down.
            if not scope.cancel_called:
                desk.ready.prepare()

    if desk.full:
        await ctx.report_progress(
            0, None, f"waiting: {desk.max_runs} runs are under way, and no more at once"
        )
    if not await desk.run(work):
        account.never_begun()


RUN_FLOW = ToolKind(
    name="run_flow",
    title="Run a flow",
    description=(
        "Runs a flow in a real browser and answers when it has ended: status, the reference and fingerprint of the "
        "token that it stored (never the token), the evidence and its sealed bundle; on failure a reason code and "
        "what to do. Each step is one progress message. Cancelling ends the browser. It can create real API keys: "
        "list_flows says what it does, policy_check whether it may."
    ),
    annotations=ToolAnnotations(
        read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True
    ),
    bind=_bind,
)
