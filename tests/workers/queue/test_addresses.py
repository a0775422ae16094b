"""An address names one Redis, or the sentinels that know it; a wrong one is refused without being shown."""

from __future__ import annotations

import pytest

from workers.queue.addresses import SentinelAddress, read_address


@pytest.mark.parametrize("url", ["redis://127.0.0.1:6379/0", "rediss://user:secret@host/1", "unix:///run/redis.sock"])
def test_the_address_of_one_server_is_left_as_it_is(url: str) -> None:
    assert read_address(url) == url


def test_sentinels_are_read_with_account_service_and_number() -> None:
    assert read_address("redis+sentinel://me:s%40c@one:26380,two,[::1]:26381/main/3?sentinel_password=hush&health_check_interval=5") == (
        SentinelAddress(
            sentinels=(("one", 26_380), ("two", 26_379), ("::1", 26_381)),
            service="main",
            tls=False,
            server="redis://me:s%40c@/3?health_check_interval=5",
            sentinel_password="hush",
        )
    )


def test_tls_is_said_by_the_scheme() -> None:
    found = read_address("rediss+sentinel://one/main?ssl_ca_certs=/a/ca.pem")
    assert isinstance(found, SentinelAddress)
    assert found.tls
    assert found.server == "redis:///?ssl_ca_certs=%2Fa%2Fca.pem"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hunter2",
        "http://:hunter2@host/",
        "redis+sentinel://:hunter2@host",
        "redis+sentinel://:hunter2@/service",
        "redis+sentinel://:hunter2@host:hunter2/service",
        "redis+sentinel://:hunter2@host:70000/service",
        "redis+sentinel://:hunter2@one,,two/service",
        "redis+sentinel://:hunter2@host/service/hunter2",
        "redis+sentinel://:hunter2@hunter2@/service",
    ],
)
def test_a_wrong_address_is_refused_and_its_password_not_shown(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|sentinels|service") as refused:
        read_address(url)
    assert "hunter2" not in str(refused.value)


def test_passwords_are_not_shown_by_what_was_read() -> None:
    assert "hunter2" not in repr(read_address("redis+sentinel://:hunter2@host/service?sentinel_password=hunter2"))
