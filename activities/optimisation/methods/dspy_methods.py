"""MIPROv2 and GEPA of DSPy. This module imports DSPy, which is the optional extra `optimise`.

DSPy calls no vendor: it runs in a thread, and each of its requests is a question of the activity, through our providers
and the ledger. The program that it optimises asks the question of Greenlight, with the instructions of its predictor as
the text; only the texts that DSPy proposes are in its own form.
"""

import asyncio
import contextvars
import os
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from threading import Lock
from typing import Any, Final, TypeVar

from activities.catalogue.offers import Offer
from activities.optimisation.methods.protocol import Search
from activities.optimisation.programs import TEXT_SCHEMA, Question, TextAnswer
from activities.optimisation.trial import Outcome, Trial
from activities.text.model_text import read_as, text_of
from workflows.evaluation.cases import Case
from workflows.optimisation.records import MethodName
from workflows.prompts.uses import MAX_TEXT_CHARS

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # otherwise its import asks the network

import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage

T = TypeVar("T")

THREADS: Final = 4
TRIALS_A_CANDIDATE: Final = 2
REFLECTED: Final = 3
"""Cases in one reflection of GEPA."""


class Stopped(Exception):
    """A question failed, so DSPy is to end; `Bridge.failure` has the error."""


class Bridge:
    """Runs coroutines of the activity for DSPy's threads; after the first failure it runs none any more."""

    def __init__(self, trial: Trial, cases: Mapping[int, Case], proposer: Offer) -> None:
        self._trial = trial
        self._cases = cases
        self._proposer = proposer
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()  # that of the activity, which heartbeats need
        self._lock = Lock()
        self.failure: BaseException | None = None

    def __deepcopy__(self, memo: object) -> "Bridge":
        return self

    def outcome(self, text: str, line: int) -> Outcome:
        return self._run(self._outcome(text, line))

    async def _outcome(self, text: str, line: int) -> Outcome:
        return (await self._trial.outcomes(text[:MAX_TEXT_CHARS], [self._cases[line]]))[0]

    def propose(self, instructions: str, prompt: str) -> str:
        return self._run(self._propose(instructions, prompt))

    async def _propose(self, instructions: str, prompt: str) -> str:
        whole = f"{instructions}\n\nPut your whole answer into the field `text`."
        answer = (await self._trial.asker.ask(self._proposer, Question(whole, prompt, TEXT_SCHEMA))).text
        try:
            return read_as(TextAnswer, answer).text
        except ValueError:
            return text_of(answer)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """
        Raises:
            Stopped: it failed, or something before it did.
        """
        if self.failure is not None:
            work.close()
            raise Stopped from None
        done: Future[T] = Future()

        def start() -> None:
            task = self._loop.create_task(work, context=self._context)
            task.add_done_callback(lambda each: _pass_on(each, done))

        self._loop.call_soon_threadsafe(start)
        try:
            return done.result()
        except BaseException as error:
            with self._lock:
                self.failure = self.failure or error
            raise Stopped from error

    def signed(self, outcome: Outcome) -> float:
        return self._trial.metric.signed(outcome.scored.value)


def _pass_on(task: "asyncio.Task[T]", done: "Future[T]") -> None:
    if task.cancelled():
        done.cancel()
    elif error := task.exception():
        done.set_exception(error)
    else:
        done.set_result(task.result())


class LedgerEngine:
    """DSPy's language model: the proposer, through the ledger."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    def __deepcopy__(self, memo: object) -> "LedgerEngine":
        return self

    def complete(self, request: Request) -> Response:
        system = request.system or ""
        instructions = system if isinstance(system, str) else "".join(part.text for part in system)
        prompt = "\n\n".join(message.text or "" for message in request.messages)
        answer = self._bridge.propose(instructions or "Answer the request.", prompt)
        usage = Usage(input_tokens=0, output_tokens=0, total_tokens=0)
        message = Message.assistant([TextPart(answer)])
        return Response(id=None, model=request.model, message=message, finish_reason="stop", usage=usage)

    def close(self) -> None:
        """There is nothing to close."""


class GuidedProgram(dspy.Module):  # type: ignore[misc]
    """Answers a case with the question of Greenlight; the text is the instructions of the predictor."""

    def __init__(self, bridge: Bridge, text: str) -> None:
        super().__init__()
        self.bridge = bridge
        self.answerer = dspy.Predict(dspy.Signature("input -> answer", text))

    def forward(self, input: str, line: int) -> Any:  # noqa: A002 - the name of the field
        outcome = self.bridge.outcome(self.answerer.signature.instructions, line)
        found = dspy.Prediction(answer=outcome.answer, outcome=outcome)
        if dspy.settings.trace is not None:
            dspy.settings.trace.append((self.answerer, {"input": input}, dspy.Prediction(answer=outcome.answer)))
        return found


class DspyMethod:
    """MIPROv2 or GEPA; each tries whole texts on all training cases, so that the trial has the best one."""

    def __init__(self, name: MethodName) -> None:
        self._name = name

    async def run(self, search: Search) -> None:
        """
        Raises:
            CapReached, ApplicationError: the first failure of a question.
        """
        bridge = Bridge(search.trial, {case.line: case for case in search.cases}, search.proposer)
        await search.trial.mean(search.text, search.cases)
        try:
            await asyncio.to_thread(self._compile, search, bridge)
        except Exception:
            if bridge.failure is None:
                raise
        except asyncio.CancelledError as error:
            bridge.failure = bridge.failure or error  # DSPy's thread asks nothing any more
            raise
        if bridge.failure is not None:
            raise bridge.failure

    def _compile(self, search: Search, bridge: Bridge) -> None:
        model = dspy.LM("greenlight/proposer", engine=LedgerEngine(bridge), cache=False, num_retries=0)
        examples = [_example(case) for case in search.cases]
        program = GuidedProgram(bridge, search.text)
        with dspy.context(lm=model, max_errors=1, disable_history=True):
            if self._name == "mipro":
                _run_mipro(search, bridge, program, model, examples)
            else:
                _run_gepa(search, bridge, program, model, examples)


def _example(case: Case) -> Any:
    style = f"\n\nStyle: {case.style}" if case.style else ""
    return dspy.Example(input=f"{case.prompt}{style}", line=case.line).with_inputs("input", "line")


def _run_mipro(search: Search, bridge: Bridge, program: Any, model: Any, examples: list[Any]) -> None:
    def metric(example: Any, prediction: Any, trace: Any = None) -> float:
        return bridge.signed(prediction.outcome)

    optimiser = dspy.MIPROv2(
        metric=metric,
        prompt_model=model,
        task_model=model,
        auto=None,
        num_candidates=search.candidates,
        max_bootstrapped_demos=0,
        max_labeled_demos=0,
        num_threads=THREADS,
        max_errors=1,
        seed=search.seed + 1,
    )
    optimiser.compile(
        program,
        trainset=examples,
        valset=examples,
        num_trials=max(TRIALS_A_CANDIDATE * search.candidates, 2),
        minibatch=False,
        program_aware_proposer=False,
        # A summary of the cases is worth nothing where what they sound like decides.
        data_aware_proposer=not search.sound,
    )


def _run_gepa(search: Search, bridge: Bridge, program: Any, model: Any, examples: list[Any]) -> None:
    def metric(gold: Any, prediction: Any, trace: Any = None, pred_name: Any = None, pred_trace: Any = None) -> Any:
        outcome: Outcome = prediction.outcome
        return dspy.Prediction(score=bridge.signed(outcome), feedback=outcome.scored.feedback)

    optimiser = dspy.GEPA(
        metric=metric,
        max_metric_calls=(search.candidates + 1) * (len(examples) + 2 * REFLECTED),
        reflection_minibatch_size=min(REFLECTED, len(examples)),
        reflection_lm=model,
        num_threads=THREADS,
        use_merge=False,
        seed=search.seed,
        failure_score=search.trial.metric.signed(search.trial.metric.worst),
        # It takes a failed question for a bad text, and would go on until its metric calls are used up.
        gepa_kwargs={"stop_callbacks": [lambda _: bridge.failure is not None]},
    )
    optimiser.compile(program, trainset=examples, valset=examples)
