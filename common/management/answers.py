"""Asking the person at the terminal."""


def typed(question: str) -> str:
    """What was typed after the question; '' where nobody is there to answer (no terminal, or the input has ended)."""
    try:
        return input(question).strip()
    except EOFError:
        return ""
