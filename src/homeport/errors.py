"""Every error that Homeport raises on purpose.

    HomeportError
    ├── InputRejected            the request is wrong; nothing was changed
    │   ├── ComposeRejected      the compose document is wrong (carries the place)
    │   ├── DomainsRejected      the urls are wrong (a list of sentences)
    │   ├── FieldsRejected       fields are wrong (field -> sentences)
    │   │   └── VariablesMissing variables without which the service cannot be deployed
    │   └── GrantsMissing        the compose asks for host powers that nobody granted (carries the asks)
    ├── NotFound                 no such thing, or it belongs to another team
    │   └── UnknownType          no such one-click type (carries the known ones)
    ├── Conflict                 it clashes with what exists
    │   ├── DomainConflict       a domain is taken (carries the conflicts)
    │   └── PlanStale            the plan was applied, has expired, or what it was based on changed
    ├── StateRefused             not in this state ("Service is already running.")
    ├── NotAllowed               the actor may not do this
    ├── ServerUnreachable        no answer from the server, or not in time
    ├── CommandFailed            a command on a server ended with a failure
    ├── EngineFailed             the container engine refused
    ├── ProxyFailed              the proxy refused its configuration
    ├── SourceFailed             a source of templates does not answer, or with something else
    ├── DeploymentFailed         a deployment could not reach its goal (carries the step)
    ├── SecretUnreadable         a stored value cannot be decrypted with any known key
    └── SettingsInvalid          a setting is wrong or missing; the process cannot start

Each class has one stable `code`, used in answers, deployments and logs. HTTP statuses live
in `http/errors.py` and exit codes in `cli/main.py`, nowhere else.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class HomeportError(Exception):
    """The root of the tree; `message` is a sentence for the person who sees it."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InputRejected(HomeportError):
    """The request is wrong; nothing was changed."""

    code = "input_rejected"


class ComposeRejected(InputRejected):
    """The compose document is wrong. `place` is a path such as `services.web.ports[0]`,
    `line` and `column` count from 1."""

    code = "compose_rejected"

    def __init__(
        self, message: str, *, place: str | None = None, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(message)
        self.place = place
        self.line = line
        self.column = column

    @property
    def sentence(self) -> str:
        """The message with its place: `services.web.ports[0] (line 12): ...`."""
        where = " ".join(
            part
            for part in (self.place, f"(line {self.line}, column {self.column})" if self.column else None)
            if part
        )
        if self.line and not self.column:
            where = f"{self.place or ''} (line {self.line})".strip()
        return f"{where}: {self.message}" if where else self.message


class DomainsRejected(InputRejected):
    """The `urls` of a request are wrong; `problems` has one sentence each."""

    code = "domains_rejected"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("Validation failed.")
        self.problems = list(problems)


class FieldsRejected(InputRejected):
    """Fields of a request are wrong; `fields` maps a field to its sentences."""

    code = "fields_rejected"

    def __init__(self, fields: Mapping[str, Sequence[str]], message: str = "Validation failed.") -> None:
        super().__init__(message)
        self.fields = {name: list(sentences) for name, sentences in fields.items()}


class VariablesMissing(FieldsRejected):
    """Variables without which Compose refuses the file have no value; `fields` has the file's sentences."""

    code = "variables_missing"


class GrantsMissing(InputRejected):
    """The compose asks for powers over the server that nobody granted.

    `asks` has one mapping each: `grant`, `place`, `line` and the `message` to show.
    """

    code = "grants_missing"

    def __init__(self, asks: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("Validation failed.")
        self.asks = [dict(ask) for ask in asks]


class NotFound(HomeportError):
    """No such thing, or it belongs to another team: the two must look the same."""

    code = "not_found"


class UnknownType(NotFound):
    """No such one-click type; `known` has the sorted keys of those that exist."""

    code = "unknown_type"

    def __init__(self, message: str, known: Sequence[str]) -> None:
        super().__init__(message)
        self.known = list(known)


class Conflict(HomeportError):
    """It clashes with what exists."""

    code = "conflict"


class DomainConflict(Conflict):
    """A domain is taken; `conflicts` has one mapping each, shaped as in docs/api.md."""

    code = "domain_conflict"

    def __init__(self, conflicts: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("Domain conflicts detected. Use force_domain_override=true to proceed.")
        self.conflicts = [dict(conflict) for conflict in conflicts]


class PlanStale(Conflict):
    """The plan cannot be applied any more; the message says why."""

    code = "plan_stale"


class StateRefused(HomeportError):
    """What was asked for makes no sense in the present state."""

    code = "state_refused"


class NotAllowed(HomeportError):
    """The actor's role does not allow it."""

    code = "not_allowed"

    def __init__(self, message: str = "You are not authorized to perform this action.") -> None:
        super().__init__(message)


class ServerUnreachable(HomeportError):
    """No answer from the server or its engine, or not in time."""

    code = "server_unreachable"


class CommandFailed(HomeportError):
    """A command ended with a failure; `exit_code` is None when it was killed by its time limit."""

    code = "command_failed"

    def __init__(self, message: str, *, exit_code: int | None = None, stderr: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.stderr = stderr


class EngineFailed(HomeportError):
    """The container engine refused; `status` is its HTTP status."""

    code = "engine_failed"

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ProxyFailed(HomeportError):
    """The proxy refused its configuration, or does not answer."""

    code = "proxy_failed"


class SourceFailed(HomeportError):
    """A source of templates does not answer, or with what is no catalogue."""

    code = "source_failed"


class DeploymentFailed(HomeportError):
    """A deployment could not reach its goal."""

    code = "deployment_failed"

    def __init__(self, message: str, *, step: str) -> None:
        super().__init__(message)
        self.step = step


class SecretUnreadable(HomeportError):
    """A stored value cannot be decrypted with any known key."""

    code = "secret_unreadable"


class SettingsInvalid(HomeportError):
    """A setting is wrong or missing; the process cannot start."""

    code = "settings_invalid"
