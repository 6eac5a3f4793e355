"""Failures cost a growing delay, by account and by address, and never much memory."""

from hypothesis import given
from hypothesis import strategies as st

from acd.people.throttle import FORGOTTEN_MS, KINDS, Kind, Throttle

HERE = "192.0.2.7"


class Hand:
    def __init__(self) -> None:
        self.now = 1_000

    def __call__(self) -> int:
        return self.now


def attempts(account: str, address: str, times: int, kind: Kind = "password") -> list[int]:
    """The wait before each of so many attempts that are made as soon as they are let."""
    clock = Hand()
    throttle, waits = Throttle(clock), []
    for _ in range(times):
        waits.append(throttle.wait_s(kind, account, address))
        clock.now += 1_000 * waits[-1]
        throttle.failed(kind, account, address)
    return waits


def test_the_delay_of_an_account_doubles_up_to_a_minute_and_of_its_code_to_a_quarter_of_an_hour() -> None:
    assert attempts("anna", HERE, 13)[:12] == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert attempts("anna", HERE, 16, "code")[-2:] == [900, 900]


def test_an_address_may_fail_for_a_whole_office_and_then_waits() -> None:
    clock = Hand()
    throttle = Throttle(clock)
    for number in range(20):
        throttle.failed("password", f"name{number}", HERE)
    assert throttle.wait_s("password", "another", HERE) == 0
    throttle.failed("password", "name20", HERE)
    assert throttle.wait_s("password", "another", HERE) == 1
    assert throttle.wait_s("password", "another", "192.0.2.8") == 0


def test_all_of_an_ipv6_network_is_one_address() -> None:
    clock = Hand()
    throttle = Throttle(clock)
    for number in range(21):
        throttle.failed("password", f"name{number}", f"2001:db8::{number + 1:x}")
    assert throttle.wait_s("password", "another", "2001:db8::ffff") == 1
    assert throttle.wait_s("password", "another", "2001:db8:0:1::1") == 0


def test_success_forgets_the_accounts_failures_and_not_the_addresses() -> None:
    clock = Hand()
    throttle = Throttle(clock)
    for number in range(21):
        throttle.failed("password", f"name{number}", HERE)
    throttle.failed("password", "anna", HERE)
    throttle.succeeded("password", "anna", HERE)
    assert throttle.wait_s("password", "anna", "192.0.2.8") == 0
    assert throttle.wait_s("password", "anna", HERE) == 1


def test_what_was_not_tried_counts_for_nothing() -> None:
    clock = Hand()
    throttle = Throttle(clock)
    throttle.failed("password", "anna", HERE)
    throttle.untried("password", "anna", HERE)
    assert len(throttle) == 0


def test_failures_are_forgotten_in_time() -> None:
    clock = Hand()
    throttle = Throttle(clock)
    for _ in range(10):
        throttle.failed("password", "anna", HERE)
    clock.now += FORGOTTEN_MS + 60_000
    throttle.failed("password", "anna", HERE)
    assert throttle.wait_s("password", "anna", HERE) == 0


def test_made_up_names_do_not_drive_out_the_one_that_is_attacked() -> None:
    clock = Hand()
    throttle = Throttle(clock, keys_max=50)
    for _ in range(10):
        throttle.failed("password", "anna", HERE)
    for number in range(500):
        clock.now += 1
        throttle.failed("password", f"name{number}", f"198.51.{number // 250}.{number % 250}")
    assert len(throttle) == 50
    assert throttle.wait_s("password", "anna", "203.0.113.9") == 60


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["failed", "succeeded", "untried"]),
            st.sampled_from(["password", "code"]),
            st.text(max_size=80),
            st.text(max_size=80) | st.ip_addresses().map(str),
            st.integers(0, 2_000_000),
        )
    )
)
def test_whatever_comes_memory_and_delays_are_bounded(
    story: list[tuple[str, Kind, str, str, int]],
) -> None:
    clock = Hand()
    throttle = Throttle(clock, keys_max=8)
    for what, kind, account, address, passes in story:
        getattr(throttle, what)(kind, account, address)
        clock.now += passes
        assert len(throttle) <= 8
        assert 0 <= throttle.wait_s(kind, account, address) <= KINDS["address"].most_s
