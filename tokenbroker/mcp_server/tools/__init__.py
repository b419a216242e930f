"""The tools: one file each, one line in :data:`TOOLS`."""

from tokenbroker.mcp_server.tools.list_flows import LIST_FLOWS
from tokenbroker.mcp_server.tools.policy_check import POLICY_CHECK
from tokenbroker.mcp_server.tools.run_flow import RUN_FLOW
from tokenbroker.mcp_server.tools.tool import ToolKind

__all__ = ["TOOLS", "ToolKind"]

TOOLS = {tool.name: tool for tool in (LIST_FLOWS, RUN_FLOW, POLICY_CHECK)}
"""What is served, and nothing else."""
