"""[mqtt]: what does not fit together or cannot be used is one clear error, before anything is told."""

from pathlib import Path

import pytest

from acd.demo.hotline import PROJECT
from acd.mqtt.broker import broker
from config.load import ConfigFaults, load

SHIPPED = PROJECT / "config" / "welcomecenter.toml"


def described(folder: Path, lines: str) -> Path:
    path = folder / "centre.toml"
    path.write_text(f"{SHIPPED.read_text(encoding='utf-8')}\n[mqtt]\n{lines}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            'host = "broker.example.org"\npassword_file = "secret"',
            "mqtt.password_file: would go over the network",
        ),
        ('host = "127.0.0.1"\nca_file = "ca.pem"', "mqtt.ca_file: needs tls = true"),
        ('host = "127.0.0.1"\npassword_file = "none"', "mqtt.password_file: cannot be read"),
        ('host = "127.0.0.1"\ntls = true\nca_file = "none"', "mqtt.ca_file: cannot be read"),
        ('host = "127.0.0.1"\ntls = true\nca_file = "secret"', "mqtt.ca_file: is no certificate (PEM)"),
        ('host = "127.0.0.1"\ndiscovery = "home/#"', "mqtt.discovery: "),
    ],
)
def test_what_cannot_be_is_named(tmp_path: Path, lines: str, said: str) -> None:
    (tmp_path / "secret").write_text("hidden", encoding="utf-8")
    with pytest.raises(ConfigFaults) as caught:
        broker(load(described(tmp_path, lines)))
    (only,) = map(str, caught.value.faults)
    assert said in only
    assert "hidden" not in only


def test_a_password_to_another_machine_goes_by_tls_and_on_this_one_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden\n", encoding="utf-8")
    far = broker(
        load(described(tmp_path, 'host = "broker.example.org"\ntls = true\npassword_file = "secret"'))
    )
    near = broker(load(described(tmp_path, 'host = "127.0.0.1"\npassword_file = "secret"')))
    assert far is not None
    assert near is not None
    assert (far.tls is not None, near.tls) == (True, None)
    assert far.password == near.password == "hidden"
    assert broker(load(SHIPPED)) is None
