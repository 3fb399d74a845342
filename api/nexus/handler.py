"""The handlers of the Nexus service. A worker polls for their tasks; each is admitted as a request to the API is.

The endpoint decides the tenant and the requester: Temporal's server names it, and no caller can choose another one. The
payload is a brief and nothing else that is trusted.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import nexusrpc
from nexusrpc import HandlerError, HandlerErrorType
from nexusrpc.handler import OperationHandler, operation_handler, service_handler
from pydantic import ValidationError
from temporalio import nexus
from temporalio.client import Client
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)

from api.auth.caller import Caller
from api.auth.key_file import KeyFile
from api.auth.roles import Role
from api.problems import Problem, field_errors
from api.settings import Settings
from api.temporal.connection import TemporalServer
from api.temporal.priorities import Priorities
from api.temporal.titles import SearchableTitles
from api.temporal.workers import Fleet
from workflows import keys
from workflows.brief import Brief, title_of
from workflows.naming.productions import keyed_production_id
from workflows.nexus.service import (
    OPERATION_TYPE,
    GreenlightService,
    Operation,
    OperationRecord,
    OperationStart,
    operation_workflow_id,
    production_of_operation,
)
from workflows.start_options import REQUESTER, TENANT, TITLE, Urgency, searchable_title, truncate

REQUESTER_PREFIX: Final = "nexus:"
"""In front of the endpoint's name, in the requests of its callers."""
MAX_KEY_CHARS: Final = 255
MAX_ERRORS: Final = 20
_TYPES: Final = {
    HTTPStatus.FORBIDDEN: HandlerErrorType.UNAUTHORIZED,
    HTTPStatus.NOT_FOUND: HandlerErrorType.NOT_FOUND,
    HTTPStatus.CONFLICT: HandlerErrorType.CONFLICT,
    HTTPStatus.SERVICE_UNAVAILABLE: HandlerErrorType.UNAVAILABLE,
}


class Admission:
    """Decides which production a brief of an endpoint starts, as the API does for the holder of a key.

    Args:
        endpoints: Endpoint -> tenant.
        settings: Of the API: the file of keys, which has the policies of tenants, and their weights.
    """

    def __init__(self, client: Client, endpoints: Mapping[str, str], settings: Settings) -> None:
        """
        Raises:
            SettingsError: the file of keys cannot be read.
        """
        self._endpoints = endpoints
        self._keys = KeyFile(settings.api_keys) if settings.api_keys else None
        self._fleet = Fleet(TemporalServer(client))
        self.priorities = Priorities(settings.tenant_weights)
        self.titles = SearchableTitles.of(client)

    def caller(self, endpoint: str) -> Caller:
        """The caller behind an endpoint: a requester of its tenant.

        Raises:
            HandlerError: no tenant is set for the endpoint.
        """
        tenant = self._endpoints.get(endpoint)
        if tenant is None:
            message = (
                f"the endpoint {endpoint!r} has no tenant; name it in GREENLIGHT_NEXUS_ENDPOINTS of the workers, as in "
                f"{endpoint or 'marketing'}=north"
            )
            raise HandlerError(message, type=HandlerErrorType.UNAUTHORIZED)
        policy = self._keys.policy_of(tenant) if self._keys else None
        return Caller(f"{REQUESTER_PREFIX}{endpoint}", tenant, frozenset({Role.REQUESTER}), policy=policy)

    async def admit(self, operation: Operation, endpoint: str, content: object, key: str) -> OperationStart:
        """The start of an operation.

        Args:
            content: The payload: a brief.
            key: Of the production, among those of the tenant.

        Raises:
            HandlerError: the brief is refused; the message names the field and the remedy.
        """
        caller = self.caller(endpoint)
        try:
            if len(key) > MAX_KEY_CHARS:
                raise Problem.of_field("Idempotency-Key", "is too long", f"give at most {MAX_KEY_CHARS} characters")
            brief = caller.admit(_parse(content))
            if brief.memo:
                raise Problem.of_field(
                    "references[0].memo", "is a voice memo of the API", "post its brief to /api/v1/productions"
                )
            await self._fleet.check(brief)
        except Problem as problem:
            raise _handler_error(problem) from None
        return OperationStart(operation=operation, production_id=keyed_production_id(brief.tenant, key), brief=brief)


@service_handler(service=GreenlightService)
class GreenlightHandler:
    """Each operation is backed by a workflow, so it is complete whichever process dies."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    @operation_handler
    def produce(self) -> OperationHandler[Any, OperationRecord]:
        return _BackedByWorkflow(self._admission, "produce")

    @operation_handler
    def quote(self) -> OperationHandler[Any, OperationRecord]:
        return _BackedByWorkflow(self._admission, "quote")


class _BackedByWorkflow(nexus.TemporalOperationHandler[Any, OperationRecord]):
    """Starts the workflow of an operation, and cancels it."""

    def __init__(self, admission: Admission, operation: Operation) -> None:
        self._admission = admission
        self._operation: Operation = operation

    async def start_operation(
        self,
        ctx: nexus.TemporalStartOperationContext,
        client: nexus.TemporalNexusClient,
        input: Any,  # noqa: A002  # the SDK's name
    ) -> nexus.TemporalOperationResult[OperationRecord]:
        """A repeated request finds the workflow of the first one."""
        key = ctx.headers.get("idempotency-key") or f"nexus-request/{ctx.request_id}"
        start = await self._admission.admit(self._operation, nexus.info().endpoint, input, key)
        brief = start.brief

        async def send(titled: bool) -> nexus.TemporalOperationResult[OperationRecord]:
            pairs = [SearchAttributePair(TENANT, brief.tenant), SearchAttributePair(REQUESTER, brief.requester)]
            title = [SearchAttributePair(TITLE, searchable_title(title_of(brief)))] if titled else []
            return await client.start_workflow(
                OPERATION_TYPE,
                start,
                id=operation_workflow_id(start),
                result_type=OperationRecord,
                task_queue=keys.TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                priority=self._admission.priorities.of(brief.tenant, Urgency.BATCH),
                static_summary=truncate(f"{self._operation} · {title_of(brief)}", 200),
                search_attributes=TypedSearchAttributes([*pairs, *title]),
            )

        return await self._admission.titles.start(send)

    async def cancel_workflow_run(
        self, ctx: nexus.TemporalCancelOperationContext, options: nexus.CancelWorkflowRunOptions
    ) -> None:
        """
        Raises:
            HandlerError: the token names no operation of the endpoint's tenant.
        """
        caller = self._admission.caller(nexus.info().endpoint)
        production_id = production_of_operation(options.workflow_id)
        if not production_id or not caller.owns(production_id):
            raise HandlerError("there is no such operation", type=HandlerErrorType.NOT_FOUND)
        await super().cancel_workflow_run(ctx, options)


def _parse(content: object) -> Brief:
    """
    Raises:
        Problem: 422.
    """
    try:
        return Brief.model_validate(content)
    except ValidationError as error:
        raise Problem.of_fields(field_errors(error.errors())[:MAX_ERRORS]) from None


def _handler_error(problem: Problem) -> nexusrpc.HandlerError:
    """The problem as an error of Nexus. Only an outage is tried again."""
    kind = _TYPES.get(HTTPStatus(problem.status_code), HandlerErrorType.BAD_REQUEST)
    return HandlerError(problem.problem.detail, type=kind)
