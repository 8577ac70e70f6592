"""DNS as a dict, for evaluators that ask questions and for the resolver's drivers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Zone:
    """Answers by (name, type); a name that is not there does not exist, one in `failing` cannot be asked."""

    records: Mapping[tuple[str, str], Sequence[str]]
    failing: frozenset[str] = field(default_factory=frozenset)

    def lookup(self, name: str, kind: str) -> Sequence[str]:
        """The records, or () where the name has none of this kind. Raises LookupError (no such name), TimeoutError (failing)."""
        name = name.rstrip(".").lower()
        if name in self.failing:
            raise TimeoutError(name)
        if (name, kind) in self.records:
            return self.records[name, kind]
        if any(known == name for known, _ in self.records):
            return ()
        raise LookupError(name)
