"""The rule of the bucket that deletes old parts of films."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from activities.storage.bucket import Storage
from activities.storage.lifecycle import RULE_ID, set_expiry
from workflows.keys import film_prefix, segment_key


class Bucket:
    """The lifecycle rules of a bucket; `refusal` is the code with which the store refuses them."""

    def __init__(self, rules: list[dict[str, Any]] | None = None, refusal: str = "") -> None:
        self.rules = rules
        self.refusal = refusal

    def get_bucket_lifecycle_configuration(self, **_: Any) -> dict[str, Any]:
        self._check()
        if self.rules is None:
            raise ClientError({"Error": {"Code": "NoSuchLifecycleConfiguration"}}, "GetBucketLifecycleConfiguration")
        return {"Rules": self.rules}

    def put_bucket_lifecycle_configuration(self, *, LifecycleConfiguration: dict[str, Any], **_: Any) -> None:  # noqa: N803 - boto3's name
        self._check()
        self.rules = LifecycleConfiguration["Rules"]

    def delete_bucket_lifecycle(self, **_: Any) -> None:
        self.rules = None

    def _check(self) -> None:
        if self.refusal:
            raise ClientError({"Error": {"Code": self.refusal}}, "PutBucketLifecycleConfiguration")


def test_the_rule_is_set_beside_others() -> None:
    """Other rules stay; another number of days replaces ours, and 0 removes it."""
    others = [{"ID": "uploads", "Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}]
    bucket = Bucket([*others])
    for days in (30, 7):
        assert set_expiry(bucket, "b", days) == ""
        assert bucket.rules is not None
        assert [rule["ID"] for rule in bucket.rules] == ["uploads", RULE_ID]
        assert bucket.rules[1]["Expiration"] == {"Days": days}
        assert segment_key("p", "d").startswith(bucket.rules[1]["Filter"]["Prefix"])
        assert film_prefix("p").startswith(bucket.rules[1]["Filter"]["Prefix"])
    assert set_expiry(bucket, "b", 0) == ""
    assert bucket.rules == others
    empty = Bucket()
    assert set_expiry(empty, "b", 30) == set_expiry(empty, "b", 0) == ""
    assert empty.rules is None


@pytest.mark.parametrize("code", ["NotImplemented", "AccessDenied"])
def test_a_store_that_refuses_the_rule_is_named(code: str) -> None:
    """The reason has the code of the store and the remedy."""
    problem = set_expiry(Bucket(refusal=code), "b", 30)
    assert code in problem
    assert "segments/" in problem
    assert "GREENLIGHT_KEEP_FILM_PARTS_DAYS=0" in problem


async def test_the_embedded_store_takes_the_rule(storage: Storage) -> None:
    """The rule is in the embedded bucket, and removed again."""
    await storage.expire_film_parts(30)
    assert storage.lifecycle_problem == ""
    rules = storage._admin.get_bucket_lifecycle_configuration(Bucket=storage.bucket)["Rules"]
    assert [rule["Expiration"]["Days"] for rule in rules] == [30]
    await storage.expire_film_parts(0)
    assert storage.lifecycle_problem == ""
