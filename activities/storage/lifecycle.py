"""The lifecycle rule of the bucket that deletes the parts of films some time after they were made.

All parts under `segments/` are made again where they are missing, so that only the time to encode them is lost. Other
rules of the bucket are kept.
"""

from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from workflows.keys import FILM_PARTS

RULE_ID: Final = "greenlight-film-parts"
_MISSING: Final = "NoSuchLifecycleConfiguration"


def set_expiry(client: Any, bucket: str, days: int) -> str:
    """Let the parts of films expire after `days`; with 0 they are kept. Blocks; call it from a thread.

    Returns:
        Why the store has no such rule, with the remedy; empty if it is set.
    """
    try:
        others = [rule for rule in _rules(client, bucket) if rule.get("ID") != RULE_ID]
        ours = {
            "ID": RULE_ID,
            "Status": "Enabled",
            "Filter": {"Prefix": FILM_PARTS},
            "Expiration": {"Days": days},
        }
        rules = [*others, ours] if days else others
        if rules:
            client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
        else:
            client.delete_bucket_lifecycle(Bucket=bucket)
    except (BotoCoreError, ClientError) as error:
        return (
            f"the store does not take a rule that deletes the parts of finished films ({_reason(error)}): delete what "
            f"is older than {days} days under {FILM_PARTS} yourself, or set GREENLIGHT_KEEP_FILM_PARTS_DAYS=0"
        )
    return ""


def _rules(client: Any, bucket: str) -> list[dict[str, Any]]:
    try:
        rules: list[dict[str, Any]] = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != _MISSING:
            raise
        return []
    return rules


def _reason(error: Exception) -> str:
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    return code or type(error).__name__
