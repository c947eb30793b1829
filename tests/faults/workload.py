"""Stand-in until the workload lands: the demo's story alone, asked with patience."""

from pathlib import Path

from deploy.demo.clients import Addresses, connected
from deploy.demo.play import Player
from deploy.demo.scenario import tell


async def run(addresses: Addresses, history: Path, seed: int, *, clients: int = 20) -> None:
    async with connected(addresses) as found:
        player = Player(found, patience_seconds=600.0)
        for chapter in tell().chapters:
            await player.chapter(chapter, lambda done, total: None)
