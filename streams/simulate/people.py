"""The people of a platform, as the pseudonyms that ingest would have made of them."""

import random
from hashlib import blake2b

from streams.events.schema import Actor, Platform


class Population:
    """Many people, a few of whom are met again and again (the n-th is met in proportion to 1/√n)."""

    def __init__(self, rng: random.Random, platform: Platform, size: int, seed: int) -> None:
        self._rng, self._platform, self._size, self._seed = rng, platform, size, seed
        self._met: dict[int, Actor] = {}

    def anyone(self) -> Actor:
        number = int(self._size * self._rng.random() ** 2)
        if number not in self._met:
            self._met[number] = self._person(number)
        return self._met[number]

    def bot_accounts(self, size: int) -> tuple[Actor, ...]:
        """Accounts bought together: young, without followers, met nowhere else."""
        return tuple(Actor(id=self._pseudonym(f"bought-{n}"), followers=n) for n in range(size))

    def official(self, name: str) -> Actor:
        return Actor(id=self._pseudonym(name), followers=200_000, verified=True, official=True)

    def _person(self, number: int) -> Actor:
        reach = int(self._rng.lognormvariate(4.5, 1.5))
        return Actor(
            id=self._pseudonym(str(number)), followers=min(reach, 5_000_000), verified=self._rng.random() < 0.01
        )

    def _pseudonym(self, name: str) -> str:
        return blake2b(f"{self._seed}:{self._platform}:{name}".encode(), digest_size=12).hexdigest()
