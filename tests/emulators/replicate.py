"""Replicate as its OpenAPI describes it and as it was recorded: predictions, their list, and their files.

It bills a model of the catalogue by its output, so a prediction that fails costs nothing; any other model costs its
price with or without an output.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from tests.emulators.base import Call, Emulator, Fault, Kind, Reply
from tests.emulators.samples import picture

SPEC: Final = "replicate/openapi.predictions.json"
FLUX: Final = {"black-forest-labs/flux-1.1-pro": Decimal("0.04"), "black-forest-labs/flux-2-pro": Decimal("0.03")}
FLUX_INPUT: Final = {
    *("prompt", "seed", "aspect_ratio", "output_format", "output_quality", "safety_tolerance"),
    *("prompt_upsampling", "image_prompt", "input_images", "resolution", "width", "height"),
}
OTHER_USD: Final = Decimal("0.01")
PAGE: Final = 3
"""Predictions on a page of the list; the real one has 100."""


@dataclass
class Prediction:
    id: str
    model: str
    version: str
    input: dict[str, Any]
    made: datetime
    fate: Fault | None = None
    polls: int = 0
    cancelled: bool = False
    removed: bool = False


def _problem(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> Reply:
    body = {"title": title, "detail": detail, "status": status}
    return Reply(status, body, "application/problem+json", headers or {})


class ReplicateEmulator(Emulator):
    """Predictions are done at the poll with the number `polls`.

    Attributes:
        makes: Model -> the name and the bytes of its output; all others make a small picture.
        texts: Model -> its output, e.g. the pieces of the text that it writes.
        filters: The list is filtered by `created_after`, which only the SDK's newest types have.
    """

    account = ("/v1/account", {"type": "organization", "username": "studio", "name": "Studio"})

    def __init__(self, polls: int = 2) -> None:
        super().__init__()
        self.polls = polls
        self.predictions: list[Prediction] = []
        self.makes: dict[str, tuple[str, bytes]] = {}
        self.texts: dict[str, Any] = {}
        self.filters = True

    def kind(self, call: Call) -> Kind:
        if call.path.startswith("/delivery/"):
            return "download"
        if call.path.endswith("/cancel"):
            return "cancel"
        if call.method == "POST" and call.path.endswith("/predictions"):
            return "submit"
        return "poll" if call.path.startswith("/v1/predictions/") else "other"

    def authorised(self, call: Call) -> Reply | None:
        if self.kind(call) == "download" or call.headers.get("authorization") == f"Bearer {self.key}":
            return None
        return _problem(401, "Unauthenticated", "You did not pass a valid authentication token")

    def fault(self, fault: Fault, call: Call) -> Reply | None:
        match fault:
            case "throttle":
                words = "Request was throttled. Your rate limit resets in ~30s."
                return _problem(429, "Too many requests", words, {"ratelimit-remaining": "0", "ratelimit-reset": "1"})
            case "overload":
                return _problem(503, "Service unavailable", "The service is temporarily unavailable")
            case "error":
                return _problem(500, "Internal server error", "An internal error occurred")
            case "quota":
                return _problem(402, "Insufficient credit", "You have insufficient credit to run this model.")
            case "expire" if self.kind(call) == "download":
                return Reply(404, b"Not Found", "text/plain")
            case "broken" if self.kind(call) == "download":
                return Reply(200, b"this is no media", "image/png")
        return None

    def answer(self, call: Call) -> Reply:
        match self.kind(call):
            case "submit":
                return self._create(call)
            case "poll":
                return self._look(call)
            case "cancel":
                return self._cancel(call)
            case "download":
                return self._download(call)
        return self._list(call) if call.path == "/v1/predictions" else _problem(404, "", "Not found")

    def _create(self, call: Call) -> Reply:
        body = call.json
        self.check(
            SPEC, body, f"components/schemas/schemas_{'version_' if 'version' in body else ''}prediction_request"
        )
        if call.headers.get("cancel-after") is None:
            self.problems.append("Cancel-After is missing: nothing bounds an orphan")
        version = str(body.get("version", "hidden"))
        model = version if "version" in body else call.path.removeprefix("/v1/models/").removesuffix("/predictions")
        given = body["input"]
        if "version" not in body and model not in FLUX:
            return _problem(404, "Not found", "The requested resource could not be found.")
        unknown = sorted(set(given) - FLUX_INPUT) if model in FLUX else []
        if unknown or "prompt" not in given:
            detail = f"- input: Additional property {unknown[0]} is not allowed" if unknown else "- prompt is required"
            return _problem(422, "Input validation failed", detail)
        self.bill(call, FLUX.get(model, OTHER_USD))
        made = self.add(model, given, version=version, fate=self.playing(call))
        return Reply(201, self._shown(made, "starting"))

    def add(
        self,
        model: str,
        given: dict[str, Any],
        *,
        version: str = "hidden",
        fate: Fault | None = None,
        age: timedelta = timedelta(0),
    ) -> Prediction:
        """A prediction in the account, the newest of the list unless it is older than another."""
        made = Prediction(f"pred{len(self.predictions)}", model, version, given, datetime.now(UTC) - age, fate)
        self.predictions.append(made)
        return made

    def _find(self, call: Call) -> Prediction | None:
        wanted = call.path.split("/")[3]
        return next((p for p in self.predictions if p.id == wanted), None)

    def _look(self, call: Call) -> Reply:
        found = self._find(call)
        if found is None:
            return _problem(404, "Not found", "The requested resource could not be found.")
        if self.playing(call) == "expire":
            found.removed = True
        found.polls += 1
        if found.cancelled:
            return Reply(200, self._shown(found, "canceled"))
        if found.polls < self.polls:
            return Reply(200, self._shown(found, "starting" if found.polls == 1 else "processing"))
        if found.fate in ("fail_job", "refuse"):
            if found.polls == self.polls and found.model in FLUX:
                self.billed_usd -= FLUX[found.model]
            words = {
                "fail_job": "CUDA out of memory",
                "refuse": "The input or output was flagged as sensitive. Please try again. (E005)",
            }
            return Reply(200, self._shown(found, "failed", error=words[found.fate]))
        if found.fate == "expire":
            found.removed = True
        return Reply(200, self._shown(found, "succeeded"))

    def _cancel(self, call: Call) -> Reply:
        found = self._find(call)
        if found is None:
            return _problem(404, "Not found", "The requested resource could not be found.")
        if not found.cancelled and found.polls < self.polls:  # an ended prediction stays unchanged
            found.cancelled = True
            self.billed_usd -= FLUX.get(found.model, OTHER_USD)  # billed by output, and there is none
        return Reply(200, self._shown(found, "canceled" if found.cancelled else "succeeded"))

    def _download(self, call: Call) -> Reply:
        found = next(p for p in self.predictions if p.id == call.path.split("/")[2])
        if found.fate == "broken":
            return Reply(200, b"this is no media", "image/png")
        return Reply(200, self._media(found)[1], "application/octet-stream")

    def _media(self, found: Prediction) -> tuple[str, bytes]:
        kind = str(found.input.get("output_format", "png"))
        return self.makes.get(found.model) or (f"out-0.{kind}", picture(kind=kind.upper().replace("JPG", "JPEG")))

    def _list(self, call: Call) -> Reply:
        after = call.query.get("created_after", [""])[0]
        start = int(call.query.get("cursor", ["0"])[0])
        newest = sorted(self.predictions, key=lambda p: p.made, reverse=True)
        listed = [p for p in newest if not self.filters or not after or p.made > datetime.fromisoformat(after)]
        more = f"{self.url}/v1/predictions?cursor={start + PAGE}&created_after={after.replace('+', '%2B')}"
        return Reply(
            200,
            {
                "previous": None,
                "next": more if len(listed) > start + PAGE else None,
                "results": [self._shown(p, "starting") for p in listed[start : start + PAGE]],
            },
        )

    def _shown(self, found: Prediction, status: str, error: str | None = None) -> dict[str, Any]:
        output: Any = None
        if status == "succeeded" and not found.removed:
            name = self._media(found)[0]
            output = self.texts.get(found.model) or [f"{self.url}/delivery/{found.id}/{name}"]
            if found.model in FLUX:
                output = output[0]
        base = f"{self.url}/v1/predictions/{found.id}"
        body = {
            "id": found.id,
            "model": found.model,
            "version": found.version,
            "input": {} if found.removed else found.input,
            "logs": " 25%|###       | 7/28\n 50%|#####     | 14/28\n" if status == "processing" else "",
            "output": output,
            "data_removed": found.removed,
            "error": error,
            "status": status,
            "created_at": found.made.isoformat().replace("+00:00", "75Z"),
            "metrics": {"predict_time": 6.5} if status in ("succeeded", "failed") else {},
            "urls": {"get": base, "cancel": f"{base}/cancel", "web": f"https://replicate.com/p/{found.id}"},
        }
        self.check("sdk-derived/replicate/prediction.json", body)
        return body
