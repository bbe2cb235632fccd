"""The variables that a template brings beside its compose text, as the render takes them.

One rule for all ways to create a service (dialect Q34): a value is the default of its variable, and a
magic name in it (`$SERVICE_PASSWORD_ADMIN`) gets its value as if the compose text had named it.
"""

from homeport.catalog import Template
from homeport.core.compose.magic import Source, domain_name, generate, is_generated, named_in, needs
from homeport.core.compose.model import Variable


def scope_variables(template: Template, random: Source) -> dict[str, Variable]:
    """What `Scope.variables` of a new service has for the template."""
    found = {key: Variable(key=key, value=value, origin="template") for key, value in template.variables}

    def lookup(key: str) -> str | None:
        return found[key].value if key in found else None

    for name in _magic(template):
        if domain_name(name):
            # The render derives the value from the component that the name belongs to.
            found.setdefault(name, Variable(key=name, origin="domain"))
        elif is_generated(name) and (name not in found or not found[name].value):
            found[name] = Variable(key=name, value=generate(name, random, lookup), origin="generated")
    return found


def _magic(template: Template) -> list[str]:
    """The magic names of the template's variables, those first that others are made of."""
    named = [key for key, value in template.variables for key in (*_own(key), *named_in(value))]
    needed = [name for key in named for name in needs(key)]
    return list(dict.fromkeys([*needed, *named]))


def _own(key: str) -> tuple[str, ...]:
    return (key,) if is_generated(key) else ()
