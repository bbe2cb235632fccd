"""What a role may do: members look, admins and owners change."""

from homeport.core.permissions import Actor
from homeport.errors import NotAllowed


def require_admin(actor: Actor) -> None:
    """Raises NotAllowed for members."""
    if not actor.is_admin:
        raise NotAllowed
