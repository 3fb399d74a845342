"""Checks of an illustrated text: the number of its pictures, and whether each shows anything."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO

from activities.providers.protocol import Picture
from activities.quality.order import Order
from activities.quality.pictures import check_picture
from activities.quality.report import Report
from workflows.models import Modality


def check_pictures(pictures: Sequence[Picture], order: Order, report: Report) -> None:
    """Check the pictures, which open. None at all is a failure; another number than requested is a note."""
    found = len(pictures)
    report.measure("pictures", found)
    if not found:
        report.find("pictures", "pictures: the text has none", hard=True, value=0, limit=order.pictures)
    elif found != order.pictures:
        message = f"pictures: the text has {found}; requested were {order.pictures}"
        report.find("pictures", message, value=found, limit=order.pictures)
    for number, picture in enumerate(pictures, start=1):
        _check_one(picture, number, replace(order, modality=Modality.IMAGE), report)


def _check_one(picture: Picture, number: int, order: Order, report: Report) -> None:
    """Add what is wrong with one picture. One of several that shows nothing is a note: the text is still of use."""
    of_one = Report()
    check_picture(BytesIO(picture.data), order, of_one)
    for each in of_one.findings:
        message = f"picture {number}: {each.message}"
        report.find(each.check, message, frame=each.frame, value=each.value, limit=each.limit)
