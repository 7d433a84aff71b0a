"""Every statistic of an account, once: the tables, the report, ``explain`` and docs/statistics.md read it here.

A statistic stands beside its function, in one of the modules named below.
"""

from gauger.engine.statistics import accounts, calls, links, pool, relational, samples, shared_text
from gauger.engine.statistics.statistic import Statistic

STATISTICS: dict[str, Statistic] = {
    statistic.name: statistic
    for module in (accounts, calls, samples, relational, pool, links, shared_text)
    for statistic in module.STATISTICS
}
