"""What the tools answer: the published shapes, and how a refusal is told."""

from collections.abc import Callable
from typing import Any

from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel, ConfigDict, Field

from tokenbroker.errors import BrokerError
from tokenbroker.redact import Redactor


class Answer(BaseModel):
    """A structured answer, or a part of one."""

    model_config = ConfigDict(frozen=True)


class Problem(Answer):
    """Why something can't be done, and what to do about it."""

    code: str = Field(description="The stable reason code.")
    message: str = Field(description="What happened, for a person.")
    next_step: str = Field(description="What to do now; may be empty.")


def told(answer: Answer, text: str, *, is_error: bool = False) -> CallToolResult:
    """`answer` as structured content, and `text` for those who read."""
    structured: dict[str, Any] = answer.model_dump(mode="json")
    return CallToolResult(
        content=[TextContent(type="text", text=text)], structured_content=structured, is_error=is_error
    )


def refused(error: BrokerError) -> CallToolResult:
    """A tool's answer where `error` ended it."""
    return told(problem_of(error), str(error), is_error=True)


def problem_of(error: BrokerError) -> Problem:
    """`error` as a part of an answer."""
    return Problem(code=error.code, message=error.sentence, next_step=error.next_step)


def redacted(result: CallToolResult, redactor: Redactor) -> CallToolResult:
    """`result` with every text and every structured string redacted."""
    content = [
        part.model_copy(update={"text": redactor.text(part.text)}) if isinstance(part, TextContent) else part
        for part in result.content
    ]
    structured = _each_string(result.structured_content, redactor.text)
    return result.model_copy(update={"content": content, "structured_content": structured})


def _each_string(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_each_string(each, change) for each in value]
    if isinstance(value, dict):
        return {key: _each_string(each, change) for key, each in value.items()}
    return value
