"""What went wrong with a download, as a person can act on it."""

from __future__ import annotations

import errno

from visualizer.diffusion.model_folder import ModelError

_LOG_IN = "log in with 'hf auth login'"


def sentence_for(error: BaseException, repository: str, *, begun: bool = True) -> str:
    """One sentence for an exception of huggingface_hub, its HTTP library, or the disk.

    Args:
        begun: whether a download was interrupted, or only a question had no answer.
    """
    if isinstance(error, ModelError):
        return str(error)
    chain = _chain(error)
    if any(getattr(e, "errno", None) in (errno.ENOSPC, errno.EDQUOT) for e in chain):
        return "The disk is full. Free some space, then start the download again: it goes on."
    names = {cls.__name__ for e in chain for cls in type(e).__mro__}
    status = next((s for e in chain if (s := _status(e))), 0)
    if "GatedRepoError" in names or (status == 403 and "RepositoryNotFoundError" not in names):
        return (
            f"'{repository}' is open only to people who accepted its terms: do that on its page, "
            f"https://huggingface.co/{repository}, then {_LOG_IN} and try again."
        )
    if "RepositoryNotFoundError" in names or status in (401, 404):
        return (
            f"There is no model '{repository}' on the hub, or it is private. Look at the spelling; "
            f"if it is yours, {_LOG_IN} and try again."
        )
    if "HFValidationError" in names:
        return f"'{repository}' is not the name of a model, which looks like 'owner/name'."
    if status == 429:
        return "The hub asks to wait: there were too many requests. Try again in a few minutes."
    if status >= 500:
        return f"The hub has a fault of its own ({status}). Try again later."
    if any(_is_about_the_network(name) for name in names):
        unreached = "The Hugging Face hub cannot be reached. Check the connection to the internet"
        again = ", then start the download again: it goes on where it stopped"
        return f"{unreached}{again if begun else ''}."
    if isinstance(error, PermissionError):
        return f"The file '{error.filename}' may not be written."
    return (
        f"The download failed: {str(error).strip().partition(chr(10))[0] or type(error).__name__}"
    )


def _is_about_the_network(name: str) -> bool:
    return (
        name.startswith(("Connect", "Network", "Timeout", "Proxy", "RemoteProtocol", "Transport"))
        or name.endswith(("Timeout", "TimeoutError", "ConnectionError"))
        or name in ("gaierror", "OfflineModeIsEnabled", "ReadError")
    )


def _status(error: BaseException) -> int:
    status = getattr(getattr(error, "response", None), "status_code", 0)
    return status if isinstance(status, int) else 0


def _chain(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain
