"""The eleven tools: each answers at a moment, whatever happens, and UNKNOWN where nothing could be computed."""

from collections.abc import Callable, Mapping

from resilience.services.answers import Answer
from resilience.services.tools.balance import (
    analyze_homeostasis_tool,
    assess_cognitive_load_tool,
    check_mtf_compliance_tool,
)
from resilience.services.tools.capacity import (
    analyze_le_chatelier_tool,
    calculate_blast_radius_tool,
    check_utilization_threshold_tool,
)
from resilience.services.tools.losses import analyze_hub_centrality_tool, run_contingency_analysis_resilience_tool
from resilience.services.tools.response import (
    execute_sacrifice_hierarchy_tool,
    get_defense_level_tool,
    get_static_fallbacks_tool,
)

TOOLS: Mapping[str, Callable[..., Answer]] = {
    tool.__name__: tool
    for tool in (
        check_utilization_threshold_tool,
        get_defense_level_tool,
        run_contingency_analysis_resilience_tool,
        get_static_fallbacks_tool,
        execute_sacrifice_hierarchy_tool,
        analyze_homeostasis_tool,
        calculate_blast_radius_tool,
        analyze_le_chatelier_tool,
        analyze_hub_centrality_tool,
        assess_cognitive_load_tool,
        check_mtf_compliance_tool,
    )
}
"""By the names that clients call them."""

__all__ = [
    "TOOLS",
    "analyze_homeostasis_tool",
    "analyze_hub_centrality_tool",
    "analyze_le_chatelier_tool",
    "assess_cognitive_load_tool",
    "calculate_blast_radius_tool",
    "check_mtf_compliance_tool",
    "check_utilization_threshold_tool",
    "execute_sacrifice_hierarchy_tool",
    "get_defense_level_tool",
    "get_static_fallbacks_tool",
    "run_contingency_analysis_resilience_tool",
]
