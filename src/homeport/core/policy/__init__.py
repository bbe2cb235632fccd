"""What a compose asks of the server that it is put on, and what nobody can grant (ADR 0008)."""

from homeport.core.policy.asks import GRANTS, Ask, allowed
from homeport.core.policy.find import asks_of_snapshot, find_asks
from homeport.core.policy.values import read_dotenv

__all__ = ["GRANTS", "Ask", "allowed", "asks_of_snapshot", "find_asks", "read_dotenv"]
