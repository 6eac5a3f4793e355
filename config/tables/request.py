"""[request]: the form by which people ask to be called, for the centre's public site."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints, field_validator

from config.tables.kinds import Host, OneLine, Port, Table

BLANKS: Final = ("{concern}", "{language}")
"""What an address of the city's appointment pages may have a blank for."""


def _is_appointment(url: str) -> str:
    rest = url
    for blank in BLANKS:
        rest = rest.replace(blank, "")
    if url and (not url.startswith("https://") or "{" in rest or "}" in rest or len(url) > 300):
        raise ValueError(f"has to be https://..., with no blank but {' and '.join(BLANKS)}")
    return url


class Request(Table):
    """[request]: run by `acd request`, as a user of its own; without it there is no form.

    host, port: where it listens. proxies: whose word on where a request comes from is believed. folder: of
    the socket to the daemon and of the form's own key. user: who may use that socket beside the daemon's own
    user. days: for so many days times are offered, in spans of window_hours. per_address_hour,
    per_number_day, per_hour: so many wishes from one address, for one number, and in all. least_seconds: who
    is quicker is no person; most_minutes: so long a form may lie open. appointment_url: the city's page for a
    concern.
    """

    host: Host = "127.0.0.1"
    port: Port = 8090
    proxies: list[Host] = []
    folder: OneLine = "../request"
    user: Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")] = "acd-request"
    days: Annotated[int, Field(ge=1, le=14)] = 5
    window_hours: Annotated[int, Field(ge=1, le=4)] = 2
    per_address_hour: Annotated[int, Field(ge=1, le=1_000)] = 6
    per_number_day: Annotated[int, Field(ge=1, le=20)] = 8
    per_hour: Annotated[int, Field(ge=1, le=10_000)] = 200
    least_seconds: Annotated[int, Field(ge=0, le=60)] = 3
    most_minutes: Annotated[int, Field(ge=5, le=1_440)] = 60
    appointment_url: Annotated[str, AfterValidator(_is_appointment)] = ""

    @field_validator("proxies")
    @classmethod
    def _few(cls, value: list[str]) -> list[str]:
        if len(value) > 20:
            raise ValueError("names more than 20")
        return value
