"""The same load in Ciw, as far as Ciw can express it: each language a queue with people of its own.

Ciw knows no skills: a person serves one node. So everybody is put where their best language is, nobody
helps out elsewhere, nothing widens and nobody owns a case; open hours follow each other without a night. It
is a simpler centre, and a measure of speed only.
"""

from collections import Counter

import ciw

from simulation.drivers.model import Model
from simulation.drivers.sampler import lognormal

HANDLING_S = 480.0 + 60.0 + 4.0
"""Talk, wrap-up and answering together."""
PATIENCE_S = 300.0


def run(what: Model, open_s: float, seed: int) -> int:
    """Simulate `open_s` seconds of open time at the model's load; returns how many came."""
    best = Counter(max(agent.languages, key=lambda each: each[1])[0] for agent in what.roster.agents)
    share = Counter[str]()
    for kind in what.kinds:
        share[kind.language] += kind.share
    languages = sorted(share)
    expected = sum(each.expected for each in what.arrivals)
    log_mean, log_deviation = lognormal(HANDLING_S, 1.2)
    ciw.seed(seed)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(expected * share[each] / open_s) for each in languages],
        service_distributions=[ciw.dists.Lognormal(log_mean, log_deviation) for _ in languages],
        reneging_time_distributions=[ciw.dists.Exponential(1 / PATIENCE_S) for _ in languages],
        number_of_servers=[max(1, best[each]) for each in languages],
        routing=ciw.routing.NetworkRouting([ciw.routing.Leave() for _ in languages]),
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(open_s)
    return len(simulation.get_all_records(only=["service", "renege"]))
