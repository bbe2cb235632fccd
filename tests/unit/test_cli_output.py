"""What the client commands say, without an API: errors, tables, states, and what is understood of arguments."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from homeport.cli import deployment, output, request, service
from homeport.cli.client import CliError, explain

NO_TYPE = "Invalid service type. `homeport catalog list` shows all 3."
TAKEN = "Domain http://a is already in use by service 'b'"
KNOWN = ["ghost", "gitea", "gitea-with-mysql"]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, {"message": "Service not found."}, "Service not found."),
        (
            422,
            {"message": "Validation failed.", "errors": {"name": ["Too long.", "Not a string."], "x": "No."}},
            "Validation failed.\n  name: Too long.\n  name: Not a string.\n  x: No.",
        ),
        (
            422,
            {"message": "Validation failed.", "errors": ["Invalid URL: ftp://x"]},
            "Validation failed.\n  Invalid URL: ftp://x",
        ),
        (400, {"message": "Invalid request.", "error": "Invalid JSON."}, "Invalid request.\nInvalid JSON."),
        (
            404,
            {"message": "Invalid service type.", "valid_service_types": KNOWN},
            NO_TYPE,
        ),
        (
            409,
            {
                "message": "Domain conflicts…",
                "conflicts": [{"message": TAKEN}],
            },
            f"{TAKEN}\nAdd --force-domain to use the domain all the same.",
        ),
        (
            500,
            {"message": "Server Error"},
            "Homeport failed on this request (500 Server Error). Its log says why.",
        ),
        (418, {}, "The API answered 418."),
    ],
)
def test_an_error_answer_becomes_sentences(status: int, body: Mapping[str, Any], said: str) -> None:
    assert explain(status, body) == said


def test_a_mistyped_type_gets_a_hint() -> None:
    body = {"message": "Invalid service type.", "valid_service_types": KNOWN}
    said = explain(404, body, sent={"type": "gitae"})
    assert said == "Invalid service type. Did you mean gitea? `homeport catalog list` shows all 3."


def test_too_many_requests_says_when_to_come_back() -> None:
    assert (
        explain(429, {}, {"Retry-After": "17"}) == "Too many requests. The API answers again in 17 seconds."
    )


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("running:healthy", "● Healthy"),
        ("running:healthy:excluded", "● Healthy"),
        ("running:unhealthy", "▲ Unhealthy"),
        ("exited", "○ Stopped"),
        ("failed", "■ Failed"),
        ("something:new", "? something:new"),
        (None, "? Unknown"),
    ],
)
def test_a_state_is_a_shape_and_a_word(status: str | None, shown: str) -> None:
    assert output.state(status).plain == shown


def test_only_states_that_ask_for_action_colour_their_word() -> None:
    assert [span.style for span in output.state("running:healthy").spans] == ["green"]
    assert [span.style for span in output.state("degraded:unhealthy").spans] == ["yellow", "yellow"]


def test_a_table_in_a_pipe_is_tabs_without_a_heading(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(
        ("Name", "State"), [("wiki", output.state("exited")), ("a\nb", None)], empty="Nothing."
    )
    assert capsys.readouterr().out == "wiki\t○ Stopped\na b\t\n"


def test_an_empty_table_is_said_beside_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(("Name",), [], empty="There are no services.")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "There are no services.\n")


def test_fields_leave_out_what_has_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_fields({"Name": "wiki", "Description": None, "Uuid": "abc"})
    assert capsys.readouterr().out == "Name\twiki\nUuid\tabc\n"


def test_markup_in_names_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    output.say("[red]wiki[/red] is deleted.")
    assert capsys.readouterr().err == "[red]wiki[/red] is deleted.\n"


ITEMS = [
    {"uuid": "aaa111", "name": "wiki"},
    {"uuid": "aab222", "name": "blog"},
    {"uuid": "ccc333", "name": "blog"},
    {"uuid": "blog", "name": "odd"},
]


@pytest.mark.parametrize(
    ("wanted", "uuid"), [("wiki", "aaa111"), ("aab", "aab222"), ("ccc333", "ccc333"), ("blog", "blog")]
)
def test_a_thing_is_picked_by_uuid_name_or_start_of_uuid(wanted: str, uuid: str) -> None:
    assert output.pick("service", wanted, ITEMS)["uuid"] == uuid


def test_an_ambiguous_name_is_refused_with_the_candidates() -> None:
    with pytest.raises(CliError, match=r"'aa' could be any of wiki \(aaa111\), blog \(aab222\)"):
        output.pick("service", "aa", ITEMS)
    with pytest.raises(
        CliError, match=r"There is no service 'zzz'. `homeport service list` shows what there is."
    ):
        output.pick("service", "zzz", ITEMS)


def test_urls_of_one_component_become_one_list() -> None:
    assert request.read_urls(["web=https://a.example.com", "api=http://b/x=1", "web=https://c"]) == [
        {"name": "web", "url": "https://a.example.com,https://c"},
        {"name": "api", "url": "http://b/x=1"},
    ]


@pytest.mark.parametrize(
    "given", ["https://a.example.com", "web", "=https://a", "https://a.example.com/?x=1"]
)
def test_a_url_without_its_component_is_refused(given: str) -> None:
    with pytest.raises(CliError, match="takes COMPONENT=URL"):
        request.read_urls([given])


WIKI = {
    "name": "wiki",
    "applications": [{"name": "web", "fqdn": "https://wiki.example.com:3000,https://w.example.com"}],
    "databases": [{"name": "db"}],
}


def test_a_delete_names_what_is_lost() -> None:
    compose = "services: {}\nvolumes:\n  u1_data:\n    name: u1_data\n  u1_files:\n"
    assert service.losses({**WIKI, "docker_compose": compose}, with_volumes=True) == [
        "This deletes the service wiki (web, db) with its variables, files and history.",
        "Nothing will answer at https://wiki.example.com, https://w.example.com.",
        "Its volumes (u1_data, u1_files) and all data in them are deleted too.",
    ]
    assert service.losses({**WIKI, "docker_compose": compose}, with_volumes=False)[-1] == (
        "Its volumes (u1_data, u1_files) stay on the server."
    )
    assert service.losses(WIKI, with_volumes=False)[-1] == "Its volumes stay on the server."
    assert len(service.losses({**WIKI, "docker_compose": "services: {}"}, with_volumes=True)) == 2


def test_nothing_is_deleted_when_nobody_can_confirm() -> None:
    with pytest.raises(CliError, match="Add --yes"):
        output.confirm_by_name("wiki", [])


def test_server_sent_events_are_read() -> None:
    stream = (
        ': keep-alive\n\nid: 7\nevent: line\ndata: {"text":\ndata: "hi"}\n\n'
        'data: {"status": "finished"}\n\ndata: {"cut'
    )
    events = list(deployment.read_events(iter(stream.split("\n"))))
    assert events == [
        deployment.Event("line", "7", {"text": "hi"}),
        deployment.Event("message", "7", {"status": "finished"}),
    ]


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (
            "failed",
            "the image ghost:9 does not exist.",
            "wiki was not deployed. The image ghost:9 does not exist.",
        ),
        ("failed", None, "wiki was not deployed. The API gives no reason"),
        ("superseded", None, "This deployment of wiki did not run: a newer request took its place."),
        ("cancelled-by-user", None, "The deployment of wiki was cancelled."),
    ],
)
def test_a_deployment_without_success_has_a_reason(status: str, error: str | None, said: str) -> None:
    with pytest.raises(CliError) as caught:
        deployment.refuse_failure({"status": status, "error": error}, "wiki")
    assert caught.value.message == said


def test_a_finished_deployment_is_no_failure() -> None:
    deployment.refuse_failure({"status": "finished"}, "wiki")


def lines() -> Iterator[Mapping[str, Any]]:
    yield {"at": "2026-01-31T12:00:00.000000Z", "stream": "step", "text": "Pull 2 images"}
    yield {"at": "2026-01-31T12:00:01.000000Z", "stream": "out", "text": "web Pulled"}
    yield {"at": "2026-01-31T12:00:02.500000Z", "stream": "step", "text": "Start the containers"}
    yield {"at": "2026-01-31T12:00:03.000000Z", "stream": "err", "text": "exec format error"}


def test_progress_in_a_pipe_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    view = deployment.Plain()
    for line in lines():
        view.line(line)
    assert (
        capsys.readouterr().err == "Pull 2 images\n  web Pulled\nStart the containers\n  exec format error\n"
    )


def test_progress_on_a_terminal_shows_steps_durations_and_why_it_failed() -> None:
    from io import StringIO

    from rich.console import Console

    out = StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system=None)
    with deployment.Drawn(console) as view:
        for line in lines():
            view.line(line)
        view.end("failed")
    last = out.getvalue().replace("\r", "").rsplit("✓", 1)[1]
    assert "Pull 2 images  2.5 s" in last
    assert "■ Start the containers  0.5 s" in last
    assert "exec format error" in last
    assert "web Pulled" not in last


def test_json_keeps_every_character(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json({"name": "Wäscherei", "n": 1})
    assert json.loads(capsys.readouterr().out) == {"name": "Wäscherei", "n": 1}


def test_a_compose_file_travels_as_base64(tmp_path: Any) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text("services:\n  ü: {}\n", encoding="utf-8")
    assert base64.b64decode(request._read_compose(None, str(file)) or "").decode() == "services:\n  ü: {}\n"
    with pytest.raises(CliError, match="cannot be read: No such file"):
        request._read_compose(None, str(tmp_path / "missing.yaml"))
    with pytest.raises(CliError, match="one of the two"):
        request._read_compose("ghost", str(file))


def test_missing_grants_name_their_options() -> None:
    asks = [
        {"grant": "host.mount", "message": "services.web.volumes[0] (line 5): mounts / of the server."},
        {"grant": "host.docker_socket", "message": "services.web.volumes[0] (line 5): has the socket."},
        {"grant": "host.mount", "message": "services.web.volumes[1] (line 6): mounts /etc of the server."},
    ]
    lines = explain(422, {"message": "Validation failed.", "missing_grants": asks}).splitlines()
    assert lines[:3] == [ask["message"] for ask in asks]
    assert lines[3].endswith("with --grant host.mount --grant host.docker_socket.")
