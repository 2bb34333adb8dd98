from dataclasses import dataclass
from assistant.domain import Flag
@dataclass(frozen=True)
class Finding: flag: Flag; rule: str
class Screen:
    @classmethod
    def parse(cls,data): return cls()
    def find(self,t): return ()
