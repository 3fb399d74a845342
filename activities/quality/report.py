"""Collects the measured values and the findings of one take."""

from dataclasses import dataclass, field

from workflows.quality import MAX_FINDINGS, CheckName, Checks, Finding


@dataclass
class Report:
    """The checks so far."""

    measured: dict[CheckName, float] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def measure(self, check: CheckName, value: float) -> None:
        self.measured[check] = _short(value)

    def find(
        self,
        check: CheckName,
        message: str,
        *,
        hard: bool = False,
        at: float | None = None,
        frame: int | None = None,
        value: float | None = None,
        limit: float | None = None,
    ) -> None:
        """Add a finding. The evidence in `message` is for people; the numbers are for programs."""
        self.findings.append(
            Finding(
                check=check,
                hard=hard,
                message=message[:300],
                at_seconds=None if at is None else _short(max(at, 0.0)),
                frame=frame,
                value=None if value is None else _short(value),
                limit=None if limit is None else _short(limit),
            )
        )

    def result(self) -> Checks:
        ordered = sorted(self.findings, key=lambda each: not each.hard)
        return Checks(measured=self.measured, findings=tuple(ordered[:MAX_FINDINGS]))


def _short(value: float) -> float:
    """Three decimals: milliseconds, thousandths of a share."""
    return round(value, 3)
