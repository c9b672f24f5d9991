"""The table of tests/bench/peers: table.py table|json FIGURES.

A line of FIGURES is card|delay in us|module|work|commands bytes ms cpu-ms kB count,
one for each repetition; medians are told.
"""
import json
import statistics
import sys

NAMES = ["commands", "bytes", "wall_ms", "cpu_ms", "peak_kb", "count"]


def read(path):
    samples = {}
    with open(path) as figures:
        for line in figures:
            *key, values = line.rstrip("\n").split("|")
            samples.setdefault(tuple(key), []).append(
                [float(v) for v in values.split()])
    return {
        key: dict(zip(NAMES, map(statistics.median, zip(*runs))))
        for key, runs in samples.items()
    }


def ratio(value, ours):
    return value / ours if ours else None


def rows(medians):
    for (card, delay, module, work), cost in medians.items():
        ours = medians.get((card, delay, "ours", work))
        yield {
            "card": card, "slow_card": delay != "0", "work": work,
            "module": module, **cost,
            "ratio": {
                name: ratio(cost[name], ours[name]) if ours else None
                for name in NAMES[:5]
            },
        }


def table(all_rows):
    shown = None
    for row in sorted(all_rows, key=lambda r: (r["card"], r["slow_card"])):
        head = row["card"] + (
            ": 5 ms a command, 0.1 ms a byte" if row["slow_card"] else "")
        if head != shown:
            print(f"\n{head}\n{'work':13}{'module':8}{'commands':>9}{'bytes':>8}"
                  f"{'ms':>9}{'cpu ms':>8}{'kB':>7}   as multiples of ours")
            shown = head
        times = " ".join(
            "     -" if row["ratio"][n] is None else f"{row['ratio'][n]:6.2f}"
            for n in NAMES[:5])
        print(f"{row['work']:13}{row['module']:8}{row['commands']:9.0f}"
              f"{row['bytes']:8.0f}{row['wall_ms']:9.1f}{row['cpu_ms']:8.1f}"
              f"{row['peak_kb']:7.0f}   {times}")


def order(row):
    works = ["list, first", "list, again", "sign, listed", "sign, first",
             "sign, again", "10 more"]
    return works.index(row["work"])


def main(form, path):
    found = sorted(rows(read(path)), key=order)
    if form == "json":
        json.dump(found, sys.stdout, indent=1)
        print()
    else:
        table(found)


main(*sys.argv[1:])
