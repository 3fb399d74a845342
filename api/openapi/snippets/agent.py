"""An agent plans, and executes its plan within what a person granted it; otherwise it asks."""

from api.client.client import GreenlightClient, GreenlightError
from workflows.brief import Brief, Platform


def main() -> None:
    with GreenlightClient() as studio:  # the key has the role agent
        started = studio.start(Brief(text="Say why night trains are back.", platform=Platform.COPY))
        digest = next(
            str(event.data["plan_digest"])
            for event in studio.events(started.production_id)
            if event.name == "plan_ready"
        )
        try:
            studio.execute(started.production_id, digest, idempotency_key=f"execute-{started.production_id}")
        except GreenlightError as refusal:
            print(refusal)  # noqa: T201
            studio.request_approval(started.production_id, digest, note="for the travel page")
        else:
            print([event.name for event in studio.events(started.production_id)][-1])  # noqa: T201


if __name__ == "__main__":
    main()
