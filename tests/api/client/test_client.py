"""The Python client against real HTTP servers with scripted responses."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.client import transport
from api.client.client import GreenlightClient, GreenlightError, ResponseLost, Unreachable
from api.client.sse import EventDecoder
from api.client.transport import resolve_url
from api.views.production import ProductionView
from workflows.brief import Brief, Platform
from workflows.requests import Approval

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Passes each request to the server's script and records it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        server = self.server
        assert isinstance(server, Server)
        server.asked.append((self.command, self.path, dict(self.headers), body))
        server.answer(self)

    do_POST = do_PATCH = do_GET  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_: Any) -> None:
        """Log nothing."""

    def reply(self, status: int, content: Any = None, **headers: str) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, *parts: str, cut: bool = False) -> None:
        """Send parts of an event stream, then end it, or cut the connection in the middle."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")  # otherwise the client would reuse a dead connection
        self.end_headers()
        for part in parts:
            data = part.encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        if not cut:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def headers_of(self, path: str) -> list[dict[str, str]]:
        return [headers for _, asked, headers, _ in self.asked if asked.split("?")[0] == path]


Serve = Callable[[Answer], Server]


@contextmanager
def serving(answer: Answer) -> Iterator[Server]:
    server = Server(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(serving(answer))


def production(status: str, last_event_id: int) -> dict[str, Any]:
    path = "/api/v1/productions/p1"
    return {
        "production_id": "p1",
        "status": status,
        "brief": {"text": "A lighthouse.", "platform": "copy"},
        "created_at": "2026-11-20T10:00:00Z",
        "updated_at": "2026-11-20T10:00:00Z",
        "last_event_id": last_event_id,
        "links": {
            "production": path,
            "events": f"{path}/events",
            "deliverable": f"{path}/deliverable",
            "manifest": f"{path}/manifest",
        },
        "said_by_a_newer_api": True,
    }


def event(number: int | None, name: str, **fields: Any) -> str:
    content = {"id": number, "name": name, "at": "2026-11-20T10:00:00Z", **fields}
    numbered = f"id: {number}\n" if number else ""
    return f"event: {name}\n{numbered}data: {json.dumps(content, ensure_ascii=False)}\n\n"


EVENTS = "/api/v1/productions/p1/events"


def test_events_continue_after_a_cut(serve: Serve) -> None:
    """A stream that is cut in mid-event is resumed with Last-Event-ID: no event is repeated or lost."""
    third = event(3, "asset_complete", asset_id="shot-1", data={"words": "line\u2028break"})

    def answer(request: Handler) -> None:
        if request.path != EVENTS:
            request.reply(200, production("delivered", 4))
        elif request.headers["Last-Event-ID"] == "0":
            request.stream(event(1, "plan_start"), ": ping\n\n", event(2, "plan_ready"), third[:40], cut=True)
        elif request.headers["Last-Event-ID"] == "2":
            request.stream(third, event(None, "asset_progress", data={"percent": 40}), event(4, "done"))

    server = serve(answer)
    with GreenlightClient(server.url) as client:
        seen = list(client.events("p1"))
    assert [e.id for e in seen if e.id] == [1, 2, 3, 4]
    assert [e.name for e in seen if not e.id] == ["stalled", "asset_progress"]
    assert seen[3].data == {"words": "line\u2028break"}
    assert [h["Last-Event-ID"] for h in server.headers_of(EVENTS)] == ["0", "2"]


def test_a_stream_that_ends_early_is_not_the_end(serve: Serve) -> None:
    """When a server ends the stream early while the production continues, the client reconnects, through a 503 too."""
    turns = iter(["first", "away", "last"])
    statuses = iter([production("producing", 1), production("delivered", 2)])

    def answer(request: Handler) -> None:
        if request.path != EVENTS:
            request.reply(200, next(statuses))
            return
        match next(turns):
            case "first":
                request.stream(event(1, "approved"))
            case "away":
                request.reply(503, {"title": "No worker", "status": 503})
            case "last":
                request.stream(event(2, "done"))

    with GreenlightClient(serve(answer).url) as client:
        assert [e.name for e in client.events("p1")] == ["approved", "stalled", "done"]


def test_an_event_of_a_newer_api_is_skipped(serve: Serve) -> None:
    """An event with an unknown name is skipped, and still counts for Last-Event-ID."""

    def answer(request: Handler) -> None:
        if request.path == EVENTS:
            request.stream(event(1, "done"), event(2, "applause"))
        else:
            request.reply(200, production("delivered", 2))

    with GreenlightClient(serve(answer).url) as client:
        assert [e.name for e in client.events("p1")] == ["done"]


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_events_do_not_depend_on_chunks(data: st.DataObject) -> None:
    """The same events are parsed for any split of the bytes, also within a character."""
    first, second = event(7, "asset_start", asset_id="shot-1", data={"é": "日本"}), event(8, "done")
    wire = f": ping\n\n{first}".encode() + second.replace("\n", "\r\n").encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    decoder = EventDecoder()
    seen = [e for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True) for e in decoder.feed(wire[a:b])]
    assert [(e.id, e.name) for e in seen] == [(7, "asset_start"), (8, "done")]
    assert seen[0].data == {"é": "日本"}
    assert decoder.last_id == 8


def test_a_refusal_carries_its_fields(serve: Serve) -> None:
    """A refusal of the API is raised with status, title, detail, fields, remedies and the current digest."""
    problem = {
        "title": "Stale digest",
        "status": 409,
        "detail": "The plan has changed.",
        "errors": [{"field": "plan_digest", "message": "names another plan", "remedy": "look again"}],
        "plan_digest": "abc",
    }
    server = serve(lambda request: request.reply(409, problem))
    with GreenlightClient(server.url) as client, pytest.raises(GreenlightError) as caught:
        client.approve("p1", Approval(plan_digest="old"))
    error = caught.value
    assert (error.status, error.title, error.detail, error.plan_digest) == (
        409,
        "Stale digest",
        "The plan has changed.",
        "abc",
    )
    assert error.errors[0].remedy == "look again"
    method, path, _, body = server.asked[0]
    assert (method, path, body) == ("POST", "/api/v1/productions/p1/approve", {"plan_digest": "old"})


def test_an_unknown_production_ends_the_events(serve: Serve) -> None:
    """The events of a missing production raise at once, without a retry."""
    server = serve(lambda request: request.reply(404, {"title": "Unknown production", "status": 404}))
    with GreenlightClient(server.url) as client, pytest.raises(GreenlightError, match="Unknown production"):
        next(client.events("p1"))
    assert len(server.asked) == 1


def test_a_refused_connection_names_the_remedy() -> None:
    """When no server listens, the error names the address, the variable and the command that starts the stack."""
    with serving(lambda request: request.reply(200)) as server:
        url = server.url
    with GreenlightClient(url) as client, pytest.raises(Unreachable) as caught:
        next(client.events("p1"))
    assert url in caught.value.title
    assert "GREENLIGHT_URL" in caught.value.detail
    assert "greenlight up" in caught.value.detail


@pytest.mark.parametrize("key", ["gl_se\ncret-key", "gl_secret kéy", "gl_secret\x7fkey"])
def test_a_key_that_no_header_holds_is_not_shown(key: str) -> None:
    """A damaged key is refused before the first request, and no message quotes it."""
    with pytest.raises(GreenlightError, match="Set GREENLIGHT_API_KEY") as refused:
        GreenlightClient("http://127.0.0.1:1", key=key)
    assert "secret" not in str(refused.value)


def test_the_line_break_of_a_mounted_secret_is_left_out(serve: Serve) -> None:
    """A key that was read from a file with a line break at its end is sent without it."""
    server = serve(lambda request: request.reply(200, production("delivered", 1)))
    with GreenlightClient(server.url, key="gl_key\n") as client:
        client.get("p1")
    assert [headers["Authorization"] for _, _, headers, _ in server.asked] == ["Bearer gl_key"]


def test_an_idempotency_key_is_a_header(serve: Serve) -> None:
    """The idempotency key is sent as a header, and the brief's unset fields stay unset."""
    started = {key: production("planning", 0)[key] for key in ("production_id", "status", "links")}
    server = serve(lambda request: request.reply(202, started))
    with GreenlightClient(server.url) as client:
        assert client.start(Brief(text="Hi.", platform=Platform.COPY), idempotency_key="k1").production_id == "p1"
    _, _, headers, body = server.asked[0]
    assert headers["Idempotency-Key"] == "k1"
    assert body == {"text": "Hi.", "platform": "copy"}


def test_a_lost_response_is_retried_with_a_key(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the connection breaks before the response, a request with a key is sent again, and one without is not."""
    monkeypatch.setattr(transport, "RETRY_PAUSES_SECONDS", (0.0, 0.0))
    receipt = {"status": "producing", "plan_digest": "d", "last_event_id": 3}
    lost = iter((True, False, True))

    def answer(request: Handler) -> None:
        if next(lost):
            request.close_connection = True
        else:
            request.reply(200, receipt)

    server, approval = serve(answer), Approval(plan_digest="d", approver="ana")
    with GreenlightClient(server.url) as studio:
        assert studio.approve("p1", approval, idempotency_key="k1").last_event_id == 3
        assert [headers["Idempotency-Key"] for _, _, headers, _ in server.asked] == ["k1", "k1"]
        with pytest.raises(ResponseLost):
            studio.approve("p1", approval)
    assert len(server.asked) == 3


def test_the_list_reads_all_pages(serve: Serve) -> None:
    """The list follows page tokens to the end, keeps the filters on every page, and has a repeated production once."""
    pages = {
        None: {"productions": [_listed("a"), _listed("b")], "next_page_token": "t/1"},
        "t%2F1": {"productions": [_listed("b"), _listed("c")], "next_page_token": None},
    }

    def answer(request: Handler) -> None:
        query = dict(pair.split("=") for pair in request.path.partition("?")[2].split("&"))
        assert query["platform"] == "video"
        request.reply(200, pages[query.get("page_token")])

    with GreenlightClient(serve(answer).url) as client:
        assert [p.production_id for p in client.list(platform=Platform.VIDEO)] == ["a", "b", "c"]


def test_the_list_of_batches_reads_all_pages(serve: Serve) -> None:
    """The list of batches follows page tokens to the end, and has a batch that is on two pages once."""
    line = {"status": "done", "rows": 1, "created_at": "2026-01-01T00:00Z", "links": {"batch": "/", "results": "/"}}
    a, b, c = (line | {"batch_id": each} for each in "abc")
    pages = {
        "page_size=2": {"batches": [a, b], "next_page_token": "t"},
        "page_size=2&page_token=t": {"batches": [b, c], "next_page_token": None},
    }
    server = serve(lambda request: request.reply(200, pages[request.path.partition("?")[2]]))
    with GreenlightClient(server.url) as client:
        assert [b.batch_id for b in client.batches(page_size=2)] == ["a", "b", "c"]


def _listed(production_id: str) -> dict[str, Any]:
    whole = production("delivered", 1)
    return {key: whole[key] for key in ("status", "created_at", "links")} | {"production_id": production_id}


def test_storage_receives_none_of_our_headers(serve: Serve, tmp_path: Path) -> None:
    """A download follows the redirect with a request of its own: a token for the API never reaches the storage."""
    storage = serve(lambda request: request.reply(200, b"moving pictures"))
    api = serve(lambda request: request.reply(307, b"", Location=f"{storage.url}/bucket/film.mp4?signature=1"))
    with GreenlightClient(api.url, headers={"Authorization": "Bearer secret"}) as client:
        saved = client.download_deliverable("p1", tmp_path / "new" / "film.mp4", name="film.mp4")
    assert saved.read_bytes() == b"moving pictures"
    assert api.asked[0][1] == "/api/v1/productions/p1/deliverable?file=film.mp4"
    assert api.asked[0][2]["Authorization"] == "Bearer secret"
    assert "authorization" not in {name.lower() for name in storage.asked[0][2]}


def test_a_broken_download_leaves_no_file(serve: Serve, tmp_path: Path) -> None:
    """A download that breaks off raises and leaves nothing under the file's name."""

    def break_off(request: Handler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "100")
        request.end_headers()
        request.wfile.write(b"half")
        request.close_connection = True

    with GreenlightClient(serve(break_off).url) as client, pytest.raises(GreenlightError):
        client.download_manifest("p1", tmp_path / "manifest.json")
    assert not (tmp_path / "manifest.json").exists()


def delivered(*names: str) -> ProductionView:
    """A production whose deliverable has files of these names."""
    files = [{"name": n, "role": "x", "media_type": "x", "bytes": 1, "sha256": "0", "url": "/"} for n in names]
    return ProductionView.model_validate_json(
        json.dumps(production("delivered", 1) | {"deliverable": {"revision": 1, "files": files}}), extra="ignore"
    )


def test_files_keep_their_folders(serve: Serve, tmp_path: Path) -> None:
    """A file is saved where the document refers to it, images/visual.png in a folder images, the manifest last."""
    server = serve(lambda request: request.reply(200, request.path.encode()))
    with GreenlightClient(server.url) as client:
        files = list(client.download_all(delivered("content.html", "images/visual.png"), tmp_path))
    assert files == [tmp_path / "content.html", tmp_path / "images" / "visual.png", tmp_path / "manifest.json"]
    assert files[1].read_text().endswith("/deliverable?file=images%2Fvisual.png")


@pytest.mark.parametrize("name", ["/etc/visual.png", "../visual.png", "images/../../visual.png", "."])
def test_no_file_leaves_the_folder(serve: Serve, tmp_path: Path, name: str) -> None:
    """A file name that leads out of the folder is refused by name, before any request or write."""
    server = serve(lambda request: request.reply(200, b"bytes"))
    with GreenlightClient(server.url) as client, pytest.raises(GreenlightError, match=re.escape(repr(name))):
        list(client.download_all(delivered("content.html", name), tmp_path / "out"))
    assert server.asked == []
    assert list(tmp_path.iterdir()) == []


def test_the_address_of_the_api(tmp_path: Path) -> None:
    """The address is the argument, otherwise GREENLIGHT_URL, otherwise that of the running stack, otherwise port
    8400."""
    home = {"GREENLIGHT_HOME": str(tmp_path)}
    assert resolve_url(None, home)[0] == "http://127.0.0.1:8400"
    (tmp_path / "stack.json").write_text('{"api_url": "http://127.0.0.1:8411"}')
    assert resolve_url(None, home)[0] == "http://127.0.0.1:8411"
    assert resolve_url(None, home | {"GREENLIGHT_URL": "http://studio:1/"})[0] == "http://studio:1"
    assert resolve_url("http://other:2", home | {"GREENLIGHT_URL": "http://studio:1"})[0] == "http://other:2"
    (tmp_path / "stack.json").write_text("{ half")
    assert resolve_url(None, home)[0] == "http://127.0.0.1:8400"


def test_the_client_imports_no_server() -> None:
    """A fresh interpreter that imports the client or the CLI loads neither FastAPI nor Temporal nor a vendor SDK."""
    heavy = "{'fastapi', 'temporalio', 'boto3', 'openai', 'anthropic', 'google.genai', 'av', 'PIL'}"
    code = f"import sys, api.client.client, api.cli.main; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
