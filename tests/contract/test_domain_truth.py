"""One truth for domains, over the API: whatever shows or uses a URL says what the component's domains say,
and a deployment of what is there changes nothing."""

from dataclasses import dataclass
from typing import Any

import yaml
from sqlalchemy import select

from homeport.core.domains import claims_of, split_fqdn
from homeport.core.revision import Snapshot
from homeport.db.deployments import Revision
from homeport.db.services import Claim, EnvVariable
from tests.support.api import API, create, encode, url
from tests.support.app import RunningApp

SHOP = """
services:
  web:
    image: acme/web
    environment:
      - SERVICE_URL_WEB_3000
      - PUBLIC=$SERVICE_URL_WEB
      - BACKEND=$SERVICE_URL_API/v1
  api:
    image: acme/api
    environment:
      SERVICE_FQDN_API_80: /v1
      SERVICE_URL_API: /v1
      SHOP: ${SERVICE_URL_WEB_3000}
      HOSTS: ${SERVICE_FQDN_WEB},${SERVICE_FQDN_WEB_3000}
      UNASKED: ${SERVICE_URL_PLAIN}
  plain:
    image: acme/plain
  db:
    image: postgres:17
    environment: [SERVICE_URL_DB_5432, ALLOWED=$SERVICE_FQDN_WEB]
"""


@dataclass(frozen=True)
class Service:
    app: RunningApp
    uuid: str

    @property
    def path(self) -> str:
        return f"{API}/services/{self.uuid}"

    async def change(self, **urls: str | None) -> None:
        """Give components these URLs."""
        body = {"urls": [url(name, text) for name, text in urls.items()]}
        answer = await self.app.root.patch(self.path, json=body)
        assert answer.status_code == 200, answer.text

    async def deploy(self) -> None:
        answer = await self.app.root.post(f"{self.path}/restart")
        assert answer.status_code == 200, answer.text

    async def seen(self) -> dict[str, Any]:
        """All that a client sees of the service, but for times."""
        made = (await self.app.root.get(self.path)).json()
        envs = (await self.app.root.get(f"{self.path}/envs")).json()
        return {
            "fqdns": {item["name"]: item["fqdn"] for item in made["applications"]},
            "compose": yaml.safe_load(made["docker_compose"]),
            "envs": {env["key"]: env["value"] for env in envs},
        }

    async def revisions(self) -> list[Snapshot]:
        async with self.app.database.read() as session:
            texts = await session.scalars(select(Revision.body).order_by(Revision.id))
            return [Snapshot.from_json(text) for text in texts]

    async def claims(self) -> set[tuple[str, str]]:
        async with self.app.database.read() as session:
            rows = await session.execute(select(Claim.host, Claim.path))
            return {(host, path) for host, path in rows}

    async def stored_values(self) -> list[str | None]:
        """What the database keeps for the variables that follow a domain."""
        async with self.app.database.read() as session:
            rows = await session.scalars(select(EnvVariable.value).where(EnvVariable.origin == "domain"))
            return list(rows)


def forms(name: str, fqdn: str | None, port: int, path: str = "") -> dict[str, str]:
    """Every form of a name whose component has this one domain, or none."""
    domains = split_fqdn(fqdn)
    keys = [f"SERVICE_{form}_{name}{shown}" for form in ("URL", "FQDN") for shown in ("", f"_{port}")]
    if not domains:
        return dict.fromkeys(keys, "")
    scheme, host = domains[0].scheme, domains[0].host
    whole = domains[0].path.removesuffix(path) + path
    hosts = [f"{host}{whole}", f"{host}:{port}{whole}"]
    return dict(zip(keys, [*(f"{scheme}://{text}" for text in hosts), *hosts], strict=True))


async def assert_one_truth(service: Service, **fqdns: str | None) -> None:
    """What the API shows, what the database keeps, and what a deployment is given."""
    seen = await service.seen()
    assert {name: seen["fqdns"][name] for name in fqdns} == fqdns
    expected = forms("WEB", fqdns["web"], 3000) | forms("API", fqdns["api"], 80, "/v1")
    assert {key: seen["envs"][key] for key in expected} == expected
    assert set(await service.stored_values()) == {None}
    assert await service.claims() == {
        claim for text in fqdns.values() for claim in claims_of(split_fqdn(text))
    }
    environments = {name: each["environment"] for name, each in seen["compose"]["services"].items()}
    assert environments["web"]["SERVICE_URL_WEB_3000"] == expected["SERVICE_URL_WEB_3000"]
    assert environments["api"]["SERVICE_URL_API"] == expected["SERVICE_URL_API"]
    for name, fqdn in fqdns.items():
        public = [domain.public_url for domain in split_fqdn(fqdn)]
        assert environments[name].get("COOLIFY_URL") == (",".join(public) or None)
    before = len(await service.revisions())
    await service.deploy()
    newest = (await service.revisions())[-1]
    lines = newest.dotenv.splitlines()
    assert [f"{key}={value}" for key, value in expected.items() if f"{key}={value}" not in lines] == []
    assert f"ALLOWED={expected['SERVICE_FQDN_WEB']}" in lines
    assert {c.name: c.domains or () for c in newest.components if c.name in fqdns} == {
        name: split_fqdn(text) for name, text in fqdns.items()
    }
    deployed = (await service.seen(), len(await service.revisions()))
    assert deployed[0] == seen
    assert deployed[1] <= before + 1
    await service.deploy()
    assert (await service.seen(), len(await service.revisions())) == deployed


async def test_every_form_follows_the_domains_and_a_deployment_changes_nothing(homeport: RunningApp) -> None:
    urls = [url("web", "https://shop.example.com:3000"), url("api", "http://api.example.com")]
    service = Service(homeport, await create(homeport, docker_compose_raw=encode(SHOP), urls=urls))
    for _ in range(3):
        await assert_one_truth(
            service, web="https://shop.example.com:3000", api="http://api.example.com", plain=None
        )
    assert len(await service.revisions()) == 1
    await service.change(web="http://other.example.com/base")
    await assert_one_truth(
        service, web="http://other.example.com/base", api="http://api.example.com", plain=None
    )
    await service.change(web=None, api="https://api.example.com/v1")
    await assert_one_truth(service, web=None, api="https://api.example.com/v1", plain=None)
    await service.change(api="", plain="https://plain.example.com")
    await assert_one_truth(service, web=None, api=None, plain="https://plain.example.com")
    assert (await service.seen())["envs"]["SERVICE_URL_PLAIN"] == "https://plain.example.com"
    await service.change(web="https://shop.example.com", plain=None)
    await assert_one_truth(service, web="https://shop.example.com", api=None, plain=None)


async def test_generated_domains_are_the_truth_too(homeport: RunningApp) -> None:
    service = Service(homeport, await create(homeport, docker_compose_raw=encode(SHOP)))
    hosts = {name: f"{name}-{service.uuid}.localhost" for name in ("web", "api")}
    fqdns = {"web": f"http://{hosts['web']}:3000", "api": f"http://{hosts['api']}:80/v1", "plain": None}
    await assert_one_truth(service, **fqdns)
    await service.change(web=None)
    await assert_one_truth(service, **(fqdns | {"web": None}))


async def test_a_change_of_the_compose_keeps_the_domains_that_a_person_chose(homeport: RunningApp) -> None:
    service = Service(homeport, await create(homeport, urls=[url("web", "https://a.example.com")]))
    answer = await homeport.root.patch(service.path, json={"docker_compose_raw": encode(SHOP)})
    assert answer.status_code == 200, answer.text
    api = f"http://api-{service.uuid}.localhost:80/v1"
    await assert_one_truth(service, web="https://a.example.com", api=api, plain=None)


STORE = """
services:
  store:
    image: minio/minio:1
    environment: [MINIO_SERVER_URL=$MINIO_SERVER_URL, MINIO_BROWSER_REDIRECT_URL=$MINIO_BROWSER_REDIRECT_URL]
"""


async def test_the_url_that_a_client_writes_for_a_special_image_is_its_domain(homeport: RunningApp) -> None:
    one, two = [await create(homeport, docker_compose_raw=encode(STORE)) for _ in range(2)]
    written = {"key": "MINIO_SERVER_URL", "value": "https://s3.example.org"}
    answer = await homeport.root.patch(f"{API}/services/{one}/envs", json=written)
    assert (answer.status_code, answer.json()["value"]) == (201, "https://s3.example.org")
    service = (await homeport.root.get(f"{API}/services/{one}")).json()
    assert service["applications"][0]["fqdn"].split(",")[1] == "https://s3.example.org:9000"
    answer = await homeport.root.patch(f"{API}/services/{two}/envs", json=written)
    assert answer.status_code == 409
    moved = {"urls": [url("store", "https://c.example.org:9001,https://m.example.org:9000")]}
    assert (await homeport.root.patch(f"{API}/services/{one}", json=moved)).status_code == 200
    variables = (await homeport.root.get(f"{API}/services/{one}/envs")).json()
    assert {row["key"]: row["value"] for row in variables}["MINIO_SERVER_URL"] == "https://m.example.org"
