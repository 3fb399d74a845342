"""Pages of other sites, and other users of this machine, reach no data of the embedded stack.

The ports are those on which the processes really listen, so a new server is tested too.
"""

import stat
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Error, Page
from temporalio.client import Client

from deploy.home import lock_home
from deploy.local import Stack
from deploy.ports import BLOCKED, LOOPBACK
from tests.api.studio.browser import CHROMIUM, MISSING, browsing
from tests.support.stack import listening, new_home
from tests.support.waiting import WITHIN
from workflows import keys

NAME = "rebound.example"
"""A name that resolves to this machine, as the owner of a domain can configure it."""
HELD = "what-the-bucket-holds"
READS = (
    "/api/v1/namespaces",
    "/api/v1/namespaces/default/workflows",
    "/buckets/?pretty=y",
    f"/buckets/greenlight/{HELD}",
    "/greenlight",
    f"/greenlight/{HELD}",
    "/dir/status",
    "/dir/assign",
    "/vol/status",
    "/col/delete?collection=greenlight",
)
"""Temporal's API, and the paths of SeaweedFS's filer, S3, volumes and master."""
START = "/api/v1/namespaces/default/workflows/"

needs_browser = pytest.mark.skipif(not CHROMIUM.exists(), reason=MISSING)


@pytest.fixture(scope="module")
def stack(servers: Stack) -> Stack:
    """The servers that all modules share: they have the ports, and the files, of every embedded stack."""
    return servers


@pytest.fixture(scope="module")
def ports(stack: Stack) -> set[int]:
    """All ports on which the two servers listen, and that of the UI."""
    open_ports = {int(at.partition(":")[2], 16) for pid in stack.supervisor.pids().values() for at in listening(pid)}
    assert len(open_ports) > 10
    return {*open_ports, ui_port(stack)}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with browsing(f"--host-resolver-rules=MAP {NAME} {LOOPBACK}") as browser:
        yield browser


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    page = await browser.new_page()
    yield page
    await page.close()


def ui_port(stack: Stack) -> int:
    port = httpx.URL(stack.info.temporal_ui_url).port
    assert port
    return port


async def opened(page: Page, url: str) -> int:
    """The status that a browser gets, or 0 when it accepts no response."""
    try:
        answer = await page.goto(url, timeout=1_000 * WITHIN, wait_until="commit")
    except Error:
        return 0
    return answer.status if answer else 0


@needs_browser
async def test_a_rebound_page_reads_no_data(page: Page, stack: Stack, ports: set[int]) -> None:
    """A page whose name was rebound to 127.0.0.1 gets no data from any port of the stack: not from Temporal's API or
    UI, and not from SeaweedFS's filer, master or volumes."""
    read = [
        f"{port}{path}" for port in sorted(ports) for path in READS if 200 <= await opened(page, at(port, path)) < 400
    ]
    assert read == []


def at(port: int, path: str) -> str:
    return f"http://{NAME}:{port}{path}"


@needs_browser
async def test_a_browser_does_not_reach_the_unprotected_ui(page: Page, stack: Stack, ports: set[int]) -> None:
    """The port on which the unprotected UI listens is one to which browsers send nothing, by no name; the announced one
    shows the UI."""
    # First: the error page of a refused address can interrupt the next navigation.
    for name in (LOOPBACK, "localhost"):
        assert await opened(page, f"http://{name}:{ui_port(stack)}/") == 200
        assert await opened(page, f"http://{name}:{ui_port(stack)}/api/v1/namespaces") == 200
    behind = ports & set(BLOCKED)
    assert len(behind) == 1
    for port in behind:
        with pytest.raises(Error, match="ERR_UNSAFE_PORT"):
            await page.goto(f"http://{LOOPBACK}:{port}/")
        async with httpx.AsyncClient(timeout=WITHIN) as http:
            assert (await http.get(f"http://{LOOPBACK}:{port}/api/v1/namespaces")).is_success, "no UI to protect"


async def test_no_page_starts_a_workflow(stack: Stack, ports: set[int]) -> None:
    """A POST as text/plain, which a page may send anywhere without a preflight, starts and changes nothing at any port
    that a browser reaches; nor does the rebound page's own POST, nor one from another port of this machine."""
    name = f"planted-{uuid.uuid4().hex}"
    body = f'{{"workflowType": {{"name": "{keys.WORKFLOW_TYPE}"}}, "taskQueue": {{"name": "{keys.TASK_QUEUE}"}}}}'
    async with httpx.AsyncClient(timeout=5) as http:
        for number, port in enumerate(sorted(ports - set(BLOCKED))):
            for host, origin, site in (
                (f"{LOOPBACK}:{port}", "http://other.example", "cross-site"),
                (f"{LOOPBACK}:{port}", "http://127.0.0.1:1", "same-site"),
                (f"{LOOPBACK}:{port}", "null", ""),
                (f"{NAME}:{port}", f"http://{NAME}:{port}", "same-origin"),
            ):
                sent = {"Host": host, "Origin": origin, "Content-Type": "text/plain"}
                path = f"{START}{name}-{number}"
                try:
                    await http.post(
                        f"http://{LOOPBACK}:{port}{path}",
                        content=body,
                        headers=sent | ({"Sec-Fetch-Site": site} if site else {}),
                    )
                except httpx.TransportError:  # it serves only gRPC
                    continue
    client = await Client.connect(stack.info.temporal_address)
    for number in range(len(ports)):
        with pytest.raises(Exception, match="not found"):
            await client.get_workflow_handle(f"{name}-{number}").describe()


async def test_the_ui_page_may_send_changes(stack: Stack) -> None:
    """The guard forwards requests of the UI's own page and of commands: body, query and response arrive whole."""
    url = f"{stack.info.temporal_ui_url}{START}"
    name = f"own-{uuid.uuid4().hex}"
    body = {"workflowType": {"name": "Nobody"}, "taskQueue": {"name": "nobody"}, "requestId": name}
    async with httpx.AsyncClient(timeout=WITHIN) as http:
        page = await http.get(f"{stack.info.temporal_ui_url}/namespaces/default/workflows")
        assert "text/html" in page.headers["content-type"]
        token = {"X-CSRF-TOKEN": http.cookies["_csrf"]}
        own = {"Origin": stack.info.temporal_ui_url, "Sec-Fetch-Site": "same-origin"}
        started = await http.post(url + name, json=body, headers=token | own)
        assert started.status_code == 200, started.text
        again = await http.post(url + name + "x", json=body, headers=token | own | {"Sec-Fetch-Site": "cross-site"})
        assert again.status_code == 403
        query = {"query": f"WorkflowId = '{name}'"}
        listed = await http.get(f"{stack.info.temporal_ui_url}/api/v1/namespaces/default/workflow-count", params=query)
        assert listed.status_code == 200, listed.text
    client = await Client.connect(stack.info.temporal_address)
    await client.get_workflow_handle(name).terminate()


def test_no_other_user_reads_the_data(stack: Stack) -> None:
    """GREENLIGHT_HOME is accessible only to its owner, and so is every file that the servers write in it."""
    home = Path(stack.info.home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    databases = list(home.glob("temporal.db*"))
    assert len(databases) > 1
    assert {stat.S_IMODE(file.stat().st_mode) for file in databases} == {0o600}
    stored = list((home / "s3").glob("*.dat"))
    assert stored
    assert {stat.S_IMODE(file.stat().st_mode) for file in stored} == {0o600}


def test_an_open_home_is_closed(tmp_path: Path) -> None:
    """A home and a database that an older version left open to others are closed at the next start."""
    home = new_home(tmp_path / "home")
    home.chmod(0o755)
    for name in ("temporal.db", "temporal.db-wal"):
        (home / name).touch()
        (home / name).chmod(0o644)
    with lock_home(home):
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in home.glob("temporal.db*")} == {0o600}
