"""Tools: what agents may call, each described once for every door (MCP, and REST where it has the same shape)."""

from common.tools.registry import DOCUMENTS, TOOLS, BadArguments, Document, Tool, document, load, tool
from common.tools.schema import Answer

__all__ = ["DOCUMENTS", "TOOLS", "Answer", "BadArguments", "Document", "Tool", "document", "load", "tool"]
