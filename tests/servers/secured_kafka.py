"""A broker that asks who calls: one listener of any security protocol, beside the plain one of its controller."""

import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from deploy.local.kafka import LocalKafka
from deploy.local.process import LOOPBACK, free_port
from tests.servers.certificates import Authority

USER, PASSWORD = "pulse", "p@ss w#/:%?"
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")
_MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "OAUTHBEARER": "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule",
}


class SecuredKafka(LocalKafka):
    """`protocol` is Kafka's; with TLS the broker shows a certificate of `authority`. The user is USER, the password
    PASSWORD; for OAUTHBEARER the broker takes unsigned tokens."""

    def __init__(
        self, folder: Path, protocol: str, authority: Authority | None = None, *, client_certificates: bool = False
    ) -> None:
        super().__init__(folder)
        self._protocol = protocol
        self._authority = authority
        self._client_certificates = client_certificates
        self._inner_port = free_port()

    def listeners(self) -> Mapping[str, str]:
        outer, inner = f"{self._protocol}://{LOOPBACK}:{self.port}", f"INNER://{LOOPBACK}:{self._inner_port}"
        protocols = f"INNER:PLAINTEXT,CONTROLLER:PLAINTEXT,{self._protocol}:{self._protocol}"
        properties = {
            "listeners": f"{outer},{inner},CONTROLLER://{LOOPBACK}:{self._controller_port}",
            "advertised.listeners": f"{outer},{inner}",
            "listener.security.protocol.map": protocols,
            "inter.broker.listener.name": "INNER",
        }
        if self._authority is not None:
            pair = self._authority.issue(LOOPBACK)
            properties |= {
                "ssl.keystore.type": "PEM",
                "ssl.keystore.location": str(pair.both),
                "ssl.truststore.type": "PEM",
                "ssl.truststore.location": str(self._authority.ca),
                "ssl.client.auth": "required" if self._client_certificates else "none",
            }
        if self._protocol.startswith("SASL"):
            properties["sasl.enabled.mechanisms"] = ",".join(MECHANISMS)
            for mechanism in MECHANISMS:
                name = f"listener.name.{self._protocol.lower()}.{mechanism.lower()}.sasl.jaas.config"
                users = f' user_{USER}="{PASSWORD}"' if mechanism == "PLAIN" else ""
                anybody = ' unsecuredLoginStringClaim_sub="broker"' if mechanism == "OAUTHBEARER" else ""
                properties[name] = f"{_MODULES[mechanism]} required{users}{anybody};"
        return properties

    def format_options(self) -> Sequence[str]:
        if not self._protocol.startswith("SASL"):
            return ()
        names = ("SCRAM-SHA-256", "SCRAM-SHA-512")
        return [part for name in names for part in ("--add-scram", f'{name}=[name={USER},password="{PASSWORD}"]')]

    def ready(self) -> bool:
        # It answers API_VERSIONS only behind TLS; the inner listener opens with the outer one.
        with suppress(OSError), socket.create_connection((LOOPBACK, self._inner_port), timeout=1) as connection:
            return self._answers(connection)
        return False
