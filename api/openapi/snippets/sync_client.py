"""Plan, read the price, approve, and wait for the result."""

from api.client.client import GreenlightClient
from workflows.brief import Brief, Platform
from workflows.requests import Approval


def main() -> None:
    with GreenlightClient() as studio:  # GREENLIGHT_URL and GREENLIGHT_API_KEY
        started = studio.start(Brief(text="Say why night trains are back.", platform=Platform.COPY))
        for event in studio.events(started.production_id):
            if event.name == "plan_ready":
                plan = studio.get(started.production_id).plan
                assert plan is not None
                print(f"{plan.title}: {plan.low_usd} to {plan.high_usd} USD")  # noqa: T201
                studio.approve(started.production_id, Approval(plan_digest=plan.digest, approver="ana"))
        print(studio.get(started.production_id).status)  # noqa: T201


if __name__ == "__main__":
    main()
