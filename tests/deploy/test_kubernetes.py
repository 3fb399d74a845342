"""The Helm chart, rendered by Helm's own engine and checked against the schemas of Kubernetes."""

import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import helm_python as helm
import pytest
import yaml
from jsonschema import ValidationError, validate
from kubernetes_validate import validate as validate_kubernetes

from tests import ROOT
from worker.settings import STOP_SECONDS
from worker.workers import WORKFLOWS
from workflows import keys

FOLDER: Final = ROOT / "deploy" / "kubernetes"
CHART: Final = FOLDER / "greenlight"
VERSIONS: Final = ("1.29", "1.37")
"""The oldest version that the chart accepts, and the newest of which there are schemas."""

FULL: Final[dict[str, Any]] = {
    "temporal": {"tlsSecret": "temporal", "uiUrl": "https://temporal.example.com"},
    "storage": {"endpointUrl": "https://s3.example.com", "credentialsSecret": "s3"},
    "secrets": {
        "payloadKeys": "payload",
        "codecToken": "codec",
        "vendors": "vendors",
        "signing": "signing",
        "session": "session",
    },
    "api": {"ingress": {"enabled": True, "host": "g.example.com", "tlsSecret": "tls", "className": "nginx"}},
    "workers": {
        "main": {"roles": ["workflows", "notify", "nexus"], "keda": {"enabled": True}},
        "openai": {"roles": ["openai"]},
    },
    "nexus": {"endpoints": {"press-office": "north"}},
    "codec": {"enabled": True},
    "networkPolicy": {"metricsFrom": [{"namespaceSelector": {}}]},
    "serviceMonitor": {"enabled": True, "apiKeySecret": "metrics"},
    "tracing": {"endpoint": "http://collector:4318"},
    "image": {"tag": "sha256:" + "0" * 64, "pullSecrets": [{"name": "registry"}]},
}
"""Everything that the chart has, switched on."""


CONTROLLED: Final[dict[str, Any]] = {
    **FULL,
    "workers": {"main": {"roles": ["workflows", "notify"]}, "openai": {"roles": ["openai"]}},
    "versions": {"controller": {"enabled": True}},
}
"""The same with temporal-worker-controller."""


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object that has exactly these properties."""
    required = [name for name, each in properties.items() if not each.pop("optional", False)]
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


_TEXT: Final = {"type": "string", "minLength": 1}
_COUNT: Final = {"type": "integer", "minimum": 0}
_SELECTOR: Final = _object(matchLabels={"type": "object", "minProperties": 3})
_NAMED: Final = _object(name={"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"})
_DURATION: Final = {"type": "string", "pattern": "^([0-9]+(s|m|h))+$"}
_PERCENT: Final = {"type": "integer", "minimum": 1, "maximum": 99}
_STEP: Final = _object(rampPercentage=_PERCENT, pauseDuration=_DURATION)
CUSTOM: Final[dict[str, dict[str, Any]]] = {
    # The CustomResourceDefinitions of temporal-worker-controller 1.8.1, temporal.io/v1alpha1, read in November 2026.
    # `template` is checked as that of a Deployment.
    "WorkerDeployment": _object(
        replicas={**_COUNT, "optional": True},
        workerOptions=_object(connectionRef=_NAMED, temporalNamespace=dict(_TEXT)),
        rollout={
            **_object(
                strategy={"enum": ["Manual", "AllAtOnce", "Progressive"]},
                steps={"type": "array", "minItems": 1, "maxItems": 20, "items": _STEP, "optional": True},
                gate={**_object(workflowType=dict(_TEXT)), "optional": True},
            ),
            "if": {"properties": {"strategy": {"const": "Progressive"}}},
            "then": {"required": ["steps"]},
        },
        sunset=_object(scaledownDelay=dict(_DURATION), deleteDelay=dict(_DURATION)),
        template={"type": "object"},
    ),
    "Connection": {
        **_object(
            hostPort={"type": "string", "pattern": "^[a-zA-Z0-9.-]+:[0-9]+$"},
            mutualTLSSecretRef={**_NAMED, "optional": True},
            apiKeySecretRef={**_object(name=dict(_TEXT), key=dict(_TEXT)), "optional": True},
            tls={"type": "object", "optional": True},
        ),
        "not": {"required": ["mutualTLSSecretRef", "apiKeySecretRef"]},
    },
    # https://keda.sh/docs/2.22/reference/scaledobject-spec/ and /scalers/temporal/, read in November 2026
    "ScaledObject": _object(
        scaleTargetRef=_object(name=dict(_TEXT)),
        minReplicaCount=dict(_COUNT),
        maxReplicaCount=dict(_COUNT),
        cooldownPeriod=dict(_COUNT),
        triggers={
            "type": "array",
            "minItems": 1,
            "items": _object(
                type={"const": "temporal"},
                metadata=_object(
                    endpoint={"type": "string", "pattern": r":\d+$"},
                    namespace=dict(_TEXT),
                    taskQueue=dict(_TEXT),
                    queueTypes={"enum": ["workflow,activity", "activity"]},
                    targetQueueSize={"type": "string", "pattern": r"^\d+$"},
                ),
                authenticationRef={**_object(name=dict(_TEXT)), "optional": True},
            ),
        },
    ),
    "TriggerAuthentication": _object(
        secretTargetRef={
            "type": "array",
            "items": _object(parameter={"enum": ["apiKey", "cert", "key"]}, name=dict(_TEXT), key=dict(_TEXT)),
        }
    ),
    # https://prometheus-operator.dev/docs/api-reference/api/, read in November 2026
    "ServiceMonitor": _object(
        selector=_SELECTOR,
        endpoints={
            "type": "array",
            "items": _object(
                port=dict(_TEXT),
                path=dict(_TEXT),
                interval=dict(_TEXT),
                authorization=_object(credentials=_object(name=dict(_TEXT), key=dict(_TEXT))),
            ),
        },
    ),
    "PodMonitor": _object(
        selector=_SELECTOR,
        podMetricsEndpoints={"type": "array", "items": _object(port=dict(_TEXT), interval=dict(_TEXT))},
    ),
}
"""What the chart uses of resources that are not Kubernetes' own."""


def render(values: dict[str, Any], chart: Path = CHART, only: str = "") -> list[dict[str, Any]]:
    """The resources of the chart with these values, or those of one of its templates.

    Raises:
        helm.HelmError: the values do not fit its schema, or a template refuses them.
    """
    with helm.Chart.load(str(chart)) as loaded:
        rendered = loaded.render(values, name="demo", namespace="studio")
    texts = (text for name, text in rendered.items() if name.endswith(only or ".yaml"))
    return [each for text in texts for each in yaml.safe_load_all(text) if each]


def check(resources: list[dict[str, Any]], versions: Sequence[str] = VERSIONS) -> None:
    """Check resources against the schemas of these versions.

    Raises:
        ValidationError: one does not follow its schema.
    """
    for each in resources:
        if (kind := each["kind"]) in CUSTOM:
            validate(each["spec"], CUSTOM[kind])
        if kind == "WorkerDeployment":
            labels = each["spec"]["template"]["metadata"]["labels"]
            spec = {"template": each["spec"]["template"], "selector": {"matchLabels": labels}}
            each = {**each, "apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}
        elif kind in CUSTOM:
            continue
        for version in versions:
            validate_kubernetes(each, version, strict=True)


@cache
def full() -> tuple[dict[str, Any], ...]:
    return tuple(render(FULL))


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    """The resources of a kind, by name."""
    return {each["metadata"]["name"]: each for each in full() if each["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    """The templates of all pods, by the name of what makes them."""
    makers = {**of_kind("Deployment"), **of_kind("Job")}
    return {name: each["spec"]["template"] for name, each in makers.items()}


VALUES: Final = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((FOLDER / "values").glob("*.yaml"))}


def test_the_chart_is_valid_with_everything_on() -> None:
    """With every part switched on, each resource follows the schema of its kind."""
    check(list(full()))
    check(render(CONTROLLED))
    kinds = {each["kind"] for each in (*full(), *render(CONTROLLED))}
    assert kinds >= {"HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "Job", "Ingress", *CUSTOM}


@pytest.mark.parametrize("name", VALUES)
def test_each_example_of_values_is_valid(name: str) -> None:
    """The chart is valid with each file of values."""
    check(render({**VALUES["temporal-cloud"], **VALUES[name]}), VERSIONS[-1:])


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("api.yaml", "containerPort: 8400", "containerPort: http"),
        ("api.yaml", "maxUnavailable: 1", "maxUnavalable: 1"),
        ("workers.yaml", "httpGet: {path: /healthz", "httpget: {path: /healthz"),
        ("workers.yaml", "scaleTargetRef: {name:", "scaleTarget: {name:"),
        ("workers.yaml", "rollout:", "rollouts:"),
        ("workers.yaml", "connectionRef: {name:", "connectionRef: {names:"),
        ("workers.yaml", "gate: {workflowType:", "gate: {workflow:"),
        ("workers.yaml", "sunset: {{-", "sunsets: {{-"),
        ("workers.yaml", "steps: {{-", "stages: {{-"),
        ("workers.yaml", "mutualTLSSecretRef: {name:", "mutualTLSSecret: {name:"),
        ("codec.yaml", "replicas: {{ .Values.codec.replicas }}", "replicas: two"),
        ("set-up.yaml", "restartPolicy: Never", "restartPolicy: [Never]"),
        ("network-policy.yaml", "policyTypes: [Ingress]", "policyTypes: Ingress"),
        ("service-monitor.yaml", "podMetricsEndpoints:", "endpoints:"),
        ("settings.yaml", "automountServiceAccountToken: false", 'automountServiceAccountToken: "no"'),
    ],
)
def test_a_broken_template_is_detected(tmp_path: Path, file: str, right: str, wrong: str) -> None:
    """The check above refuses a copy of the chart in which one template is wrong."""
    broken = shutil.copytree(CHART, tmp_path / "greenlight")
    template = broken / "templates" / file
    assert right in template.read_text()
    template.write_text(template.read_text().replace(right, wrong))
    with pytest.raises(ValidationError):
        check([*render(FULL, broken, file), *render(CONTROLLED, broken, file)], VERSIONS[-1:])


@pytest.mark.parametrize(
    "values",
    [
        {"temporal": {"adress": "temporal:7233"}},
        {"temporal": {"address": "https://temporal"}},
        {"secrets": {"apiKeys": ""}},
        {"workers": {"Main": {}}},
        {"workers": {"main": {"roles": ["openai", "openai"]}}},
        {"api": {"replicas": "two"}},
        {"env": {"GREENLIGHT_MODERATION": True}},
        {"codec": {"enabled": True}},
        {"api": {"ingress": {"enabled": True}}},
        {"serviceMonitor": {"enabled": True}},
        {"versions": {"promote": "sometimes"}},
        {"versions": {"controller": {"enabled": True, "steps": []}}},
        {"versions": {"controller": {"enabled": True, "steps": [{"rampPercentage": 100, "pauseDuration": "1m"}]}}},
        {"versions": {"controller": {"enabled": True, "sunset": {"deleteDelay": "a day"}}}},
        {"versions": {"controller": {"enabled": True}}, "workerDefaults": {"keda": {"enabled": True}}},
    ],
    ids=str,
)
def test_wrong_values_are_refused(values: dict[str, Any]) -> None:
    """Helm refuses an unknown name, a wrong type, and a part without the Secret or host that it needs."""
    with pytest.raises(helm.HelmError):
        render(values)


def test_no_pod_runs_as_root_or_writes_to_its_image() -> None:
    """Every pod has a read-only root, no capability, no token of the cluster, and a grace period that fits."""
    for name, pod in pods().items():
        spec = pod["spec"]
        (container,) = spec["containers"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["automountServiceAccountToken"] is False, name
        assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
        assert "limits" in container["resources"], name
        environ = {each["name"]: each.get("value") for each in container.get("env", [])}
        waits = environ.get("GREENLIGHT_GRACEFUL_SHUTDOWN_SECONDS") or environ.get("GREENLIGHT_API_STOP_SECONDS") or "0"
        needed = STOP_SECONDS if "worker" in name else 0
        assert spec.get("terminationGracePeriodSeconds", 30) > int(waits) + needed, name


def test_secrets_are_where_they_are_needed() -> None:
    """The keys of vendors are in the workers alone, and no Secret is written by the chart."""
    having = {name for name, pod in pods().items() if "'vendors'" in str(pod) or "'signing'" in str(pod)}
    assert having == {"demo-worker-main", "demo-worker-openai"}
    assert of_kind("Secret") == {}


def test_the_names_fit_together() -> None:
    """Services, budgets, scalers and monitors select pods that are there, and named resources exist."""
    labels = [pod["metadata"]["labels"].items() for pod in pods().values()]
    for each in full():
        spec = each.get("spec", {})
        wanted = spec.get("podSelector") or (spec.get("selector") if each["kind"] != "ServiceMonitor" else None)
        selector = (wanted or {}).get("matchLabels", wanted)
        if selector:
            assert any(selector.items() <= found for found in labels), each["metadata"]["name"]
    services = [service["metadata"]["labels"].items() for service in of_kind("Service").values()]
    for monitor in of_kind("ServiceMonitor").values():
        assert any(monitor["spec"]["selector"]["matchLabels"].items() <= found for found in services)
    scalers = [*of_kind("ScaledObject").values(), *of_kind("HorizontalPodAutoscaler").values()]
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in scalers}
    assert scaled <= set(of_kind("Deployment"))
    settings = set(of_kind("ConfigMap"))
    accounts = set(of_kind("ServiceAccount"))
    for pod in pods().values():
        (container,) = pod["spec"]["containers"]
        assert {e["configMapRef"]["name"] for e in container["envFrom"] if "configMapRef" in e} <= settings
        assert pod["spec"]["serviceAccountName"] in accounts


def test_what_prepares_the_servers_runs_first() -> None:
    """The job that prepares the servers, its settings and its account are made before an installation or upgrade, and
    nothing that running pods use is one of these hooks, which are deleted."""
    hooked = (each for each in full() if "helm.sh/hook" in each["metadata"].get("annotations", {}))
    hooks = {(each["kind"], each["metadata"]["name"]) for each in hooked}
    assert hooks == {(kind, "demo-set-up") for kind in ("Job", "ConfigMap", "ServiceAccount")}


def test_backlogs_are_those_of_the_task_queues() -> None:
    """A scaler looks at the task queues that its workers poll."""
    values = {"workers": {"all": {"keda": {"enabled": True}, "roles": [WORKFLOWS, "render", "notify", "openai"]}}}
    (scaler,) = (each for each in render(values) if each["kind"] == "ScaledObject")
    queues = [trigger["metadata"]["taskQueue"] for trigger in scaler["spec"]["triggers"]]
    assert queues == [keys.TASK_QUEUE, keys.RENDER_QUEUE, keys.NOTIFY_QUEUE, keys.provider_queue("openai")]


def test_named_workers_replace_the_default_one() -> None:
    """Without named workers one set polls all queues; with them there is no other set."""
    for values, names in (({}, {"demo-worker-all"}), (FULL, {"demo-worker-main", "demo-worker-openai"})):
        found = {
            each["metadata"]["name"] for each in render(values, only="workers.yaml") if each["kind"] == "Deployment"
        }
        assert found == names


def environ_of(resource: dict[str, Any]) -> dict[str, str]:
    """The variables of a resource's container that have a value."""
    (container,) = resource["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}


def test_plain_workers_make_their_version_the_current_one() -> None:
    """Without a controller, the pods of all sets belong to one deployment, and replace those of the earlier version."""
    for name, deployment in of_kind("Deployment").items():
        if "worker" in name:
            environ = environ_of(deployment)
            assert environ["TEMPORAL_DEPLOYMENT_NAME"] == "greenlight"
            assert environ["GREENLIGHT_PROMOTE"] == "always"
    (unversioned,) = (
        each for each in render({"versions": {"deployment": ""}}, only="workers.yaml") if each["kind"] == "Deployment"
    )
    assert "TEMPORAL_DEPLOYMENT_NAME" not in environ_of(unversioned)


def test_the_controller_decides_about_versions() -> None:
    """With temporal-worker-controller there is no Deployment of workers; it names the version, no pod promotes itself,
    and the workflow of the gate is one that our workers run, on the workers that run workflows."""
    made = {(each["kind"], each["metadata"]["name"]): each for each in render(CONTROLLED, only="workers.yaml")}
    workers = {name: each for (kind, name), each in made.items() if kind == "WorkerDeployment"}
    assert set(workers) == {"demo-worker-main", "demo-worker-openai"}
    assert "Deployment" not in {kind for kind, _ in made}
    for each in workers.values():
        assert environ_of(each)["GREENLIGHT_PROMOTE"] == "never"
        assert "TEMPORAL_DEPLOYMENT_NAME" not in environ_of(each)
        assert ("Connection", each["spec"]["workerOptions"]["connectionRef"]["name"]) in made
        volumes = [volume["name"] for volume in each["spec"]["template"]["spec"]["volumes"]]
        assert "temporal-tls" not in volumes  # the controller adds it
    assert workers["demo-worker-main"]["spec"]["rollout"]["gate"] == {"workflowType": keys.GATE_TYPE}
    assert "gate" not in workers["demo-worker-openai"]["spec"]["rollout"]
