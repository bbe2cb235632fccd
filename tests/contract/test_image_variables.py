"""An image with variables is looked for under the name that it has with their values."""

from sqlalchemy import select

from homeport.core.revision import Snapshot
from homeport.db.deployments import Revision
from tests.support.api import API, create, encode
from tests.support.app import RunningApp

TEXT = """services:
  web: {image: 'shop:${TAG:-1}'}
  worker: {image: '$REGISTRY/shop:${TAG:-1}', environment: ['HOST=${REGISTRY:-mirror.test}']}
  plain: {image: shop}
"""


async def _images(app: RunningApp) -> dict[str, str | None]:
    async with app.database.read() as session:
        body = await session.scalar(select(Revision.body).order_by(Revision.id.desc()).limit(1))
    return {component.name: component.image for component in Snapshot.from_json(body or "").components}


async def test_the_revision_has_the_images_with_the_values_of_the_variables(homeport: RunningApp) -> None:
    uuid = await create(homeport, docker_compose_raw=encode(TEXT), instant_deploy=True)
    assert await _images(homeport) == {"web": "shop:1", "worker": "mirror.test/shop:1", "plain": "shop"}
    answer = await homeport.root.post(f"{API}/services/{uuid}/envs", json={"key": "TAG", "value": "2"})
    assert answer.status_code == 201, answer.text
    await homeport.root.post(f"{API}/services/{uuid}/restart")
    assert await _images(homeport) == {"web": "shop:2", "worker": "mirror.test/shop:2", "plain": "shop"}
