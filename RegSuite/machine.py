"""What this machine has: memory (MB of 10^6 bytes), cores, compute devices; what this process has used."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from RegSuite.errors import InputError
from RegSuite.settings import settings

_MB = 1e6


def cpu_cores() -> int:
    """Cores that this process may use (a container's or batch system's share, where the system tells)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory_mb() -> float | None:
    """MB of memory that a run may still take: REGSUITE_MEMORY_MB, else what the system says; None if unknown.

    The smaller of the system's available memory and the room left under a cgroup's limit.
    """
    chosen = settings().memory_mb
    if chosen is not None:
        return chosen
    known = [mb for mb in (_system_available_mb(), _cgroup_room_mb()) if mb is not None]
    return min(known, default=None)


def peak_memory_mb() -> float | None:
    """The largest resident memory that this process has had, in MB; None where the system does not say.

    Linux: of this program alone; `ru_maxrss` would count the program that started it as well.
    """
    status = _proc_fields(Path("/proc/self/status"))
    if "VmHWM" in status:
        return status["VmHWM"] * 1024 / _MB
    try:
        import resource
    except ImportError:  # Windows has no such count in the standard library
        return None
    peak = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return (peak if sys.platform == "darwin" else peak * 1024) / _MB


def resolve_device(name: str) -> str:
    """'cpu' or 'cuda:N' for auto, cpu, cuda, cuda:N. Raises InputError for a device that is not there."""
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return "cuda:0" if count else "cpu"
    if name == "cpu":
        return "cpu"
    number = "0" if name == "cuda" else name.removeprefix("cuda:") if name.startswith("cuda:") else ""
    if not number.isdecimal():
        raise InputError(f"{name!r} is not a device", where="device", mend="give auto, cpu, cuda or cuda:N")
    if int(number) >= count:
        raise InputError(
            f"device {name!r} is not there: this machine shows {count} CUDA device(s)",
            where="device",
            mend="pass --device cpu, or see `regsuite doctor` for why CUDA is missing",
        )
    return f"cuda:{int(number)}"


def device_words(device: str) -> str:
    """The device as a reader knows it: 'cpu' or 'cuda:0 (NVIDIA ...)'."""
    if device == "cpu":
        return "cpu"
    import torch

    return f"{device} ({torch.cuda.get_device_name(device)})"


def device_memory_mb(device: str) -> float | None:
    """MB still free on the device that computes (the machine's own memory for cpu); None if unknown."""
    if device == "cpu":
        return available_memory_mb()
    import torch

    free, _ = torch.cuda.mem_get_info(device)
    return free / _MB


def _system_available_mb() -> float | None:
    """MemAvailable of Linux; free pages where only sysconf tells; None elsewhere."""
    fields = _proc_fields(Path("/proc/meminfo"))
    if "MemAvailable" in fields:
        return fields["MemAvailable"] * 1024 / _MB
    names = getattr(os, "sysconf_names", {})
    if "SC_AVPHYS_PAGES" in names and "SC_PAGE_SIZE" in names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _MB
    return None


def _cgroup_room_mb() -> float | None:
    """MB between a container's memory limit (cgroup v2) and what it uses; None without a limit."""
    base = Path("/sys/fs/cgroup")
    try:
        limit = (base / "memory.max").read_text().strip()
        used = int((base / "memory.current").read_text())
    except (OSError, ValueError):  # no cgroup v2 here: the system's own number stands
        return None
    return None if limit == "max" else max(int(limit) - used, 0) / _MB


def _proc_fields(path: Path) -> dict[str, float]:
    """The 'Name: N kB' lines of a /proc file in kB; empty where there is no such file."""
    if not path.exists():
        return {}
    found = {}
    for line in path.read_text().splitlines():
        name, _, rest = line.partition(":")
        parts = rest.split()
        if len(parts) == 2 and parts[1] == "kB":
            found[name] = float(parts[0])
    return found
